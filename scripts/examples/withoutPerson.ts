/**
 * For a job that nobody watches (CI, cron, a container). A person signs in once at a desk and moves the sign-in into a file, which
 * is given to the job as a secret. Where it is not enough any more, the job ends with exit code 2 and opens no browser.
 *
 *     npm install effect-oauth-callback && npm pkg set type=module
 *     npx tsx withoutPerson.ts desk login.json     at the desk: signs in, and moves it into the file
 *     npx tsx withoutPerson.ts job login.json      in the job; later runs need no file, if what it stores is kept
 *     npx tsx withoutPerson.ts --local             both, with a server of this machine, and then what is there when it ends the tokens
 *
 * It prints:
 *
 *     desk: moved into login.json
 *     job: 200
 *     job: a person has to sign in again (exit code 2)
 */
import {
  accounts,
  createMcpOAuth,
  exportCredentials,
  importCredentials,
  type McpOAuthFailure
} from "effect-oauth-callback/promise"
import { basename } from "node:path"
import { bothSides } from "./localSteps.ts" // --local

const serverUrl = process.env.SERVER_URL ?? "https://mcp.example.com/mcp"

const desk = async (file: string) => {
  const store = { appName: "my-agent-desk" }
  const oauth = await createMcpOAuth({ serverUrl, store })
  await oauth.login()
  await oauth.close()
  // `move`: servers take one refresh token from one place only, so it is not used here any more.
  await exportCredentials({ store, serverUrl, to: file, move: true })
  console.log(`desk: moved into ${basename(file)}`)
}

const job = async (file: string) => {
  const store = { appName: "my-agent-job" }
  // Once: what is stored later is newer than the file.
  if ((await accounts({ store })).length === 0) await importCredentials({ store, from: file })
  const oauth = await createMcpOAuth({ serverUrl, store, interactive: false, prompt: false })
  try {
    const response = await oauth.fetch(serverUrl, { method: "POST", body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' })
    console.log(`job: ${response.status}`)
  } catch (error) {
    if ((error as McpOAuthFailure)._tag !== "InteractionRequired") throw error
    console.log("job: a person has to sign in again (exit code 2)")
    process.exitCode = 2
  } finally {
    await oauth.close()
  }
}

const [, , side, file = "login.json"] = process.argv
await bothSides(desk, job) // --local
if (side === "desk") await desk(file)
else if (side === "job") await job(file)
else console.error("Say which: desk or job")
