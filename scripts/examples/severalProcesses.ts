/**
 * For programs that share a sign-in: several agents of one user, or a command that is started again and again. With `store` they
 * take turns by themselves: one refresh for each expiry and one browser window for each sign-in, whoever asks.
 *
 *     npm install effect-oauth-callback && npm pkg set type=module
 *     npx tsx severalProcesses.ts            as often as you like at the same time
 *     npx tsx severalProcesses.ts --local    three processes, with a server of this machine: signed in, then all tokens expired
 *
 * It prints:
 *
 *     3 processes are signed in, after 1 window
 *     3 processes are signed in, after 1 refresh
 */
import { createMcpOAuth } from "effect-oauth-callback/promise"
import { inThreeProcesses } from "./localSteps.ts" // --local

const agent = async () => {
  const serverUrl = process.env.SERVER_URL ?? "https://mcp.example.com/mcp"
  const oauth = await createMcpOAuth({ serverUrl, store: { appName: "my-agent" } })
  const response = await oauth.fetch(serverUrl, { method: "POST", body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' })
  console.log(response.status)
  await oauth.close()
}

await inThreeProcesses() // --local
await agent()
