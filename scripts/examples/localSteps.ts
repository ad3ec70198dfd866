/**
 * What `--local` does in place of a person or of a shell, in recipes of which it is a part. Without `--local` nothing. A program of
 * yours leaves these out.
 */
import { createMcpOAuth, type CreateMcpOAuthOptions } from "effect-oauth-callback/promise"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import process from "node:process"
import { browse, expireAll, folder, isLocal, refreshes, revokeAll, windows } from "./localServers.ts"

/** A person clicks on the link. */
export const click = (url: URL): void => {
  if (isLocal) browse(url.href)
}

/** An earlier run of the program has signed in. */
export const signInFirst = async (store: NonNullable<CreateMcpOAuthOptions["store"]>): Promise<void> => {
  if (!isLocal) return
  const oauth = await createMcpOAuth({ serverUrl: process.env.SERVER_URL ?? "", store })
  await oauth.ensure()
  await oauth.close()
}

/** A sign-in at a desk, the job that uses it, and the job again when the server has ended all tokens; and this process ends. */
export const bothSides = async (
  desk: (file: string) => Promise<void>,
  job: (file: string) => Promise<void>
): Promise<void> => {
  if (!isLocal) return
  const file = join(folder, "login.json")
  await desk(file)
  await job(file)
  revokeAll()
  await job(file)
  process.exit(0)
}

/** Runs this program once more, and gives what it prints. */
const copy = async (): Promise<string> => {
  // Its servers are those of this process: it finds SERVER_URL set.
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  let said = ""
  child.stdout.on("data", (chunk) => said += String(chunk))
  await once(child, "close")
  return said.trim()
}

/** Three processes at once, and three more when all access tokens have ended; this one ends with them. */
export const inThreeProcesses = async (): Promise<void> => {
  if (!isLocal) return
  const three = async () => (await Promise.all([copy(), copy(), copy()])).filter((said) => said === "200").length
  console.log(`${await three()} processes are signed in, after ${windows()} window`)
  expireAll()
  console.log(`${await three()} processes are signed in, after ${refreshes()} refresh`)
  process.exit()
}
