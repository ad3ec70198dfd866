/**
 * Two people sign in at once, by a client whose one redirect URI names a port. They share it; so do programs that run at the
 * same time.
 *
 *     SERVER_URL=https://mcp.example/mcp CLIENT_ID=… PORT=8765 node fixedPort.ts
 *     node fixedPort.ts --local      (with servers of this machine, and a browser that agrees to everything)
 *
 * The redirect URI to register is http://127.0.0.1:8765/callback.
 *
 * It prints:
 *
 *     1 of 2 is shown, and comes back to http://127.0.0.1:49152/callback
 *     2 of 2 is shown, and comes back to http://127.0.0.1:49152/callback
 *     ann is signed in: 200
 *     ben is signed in: 200
 */
import { createMcpOAuth, type CreateMcpOAuthOptions } from "effect-oauth-callback/promise"
import process from "node:process"
import { type FixedPort, withFixedPort } from "./localFixedPort.ts"

/** Signs one person in, and sends a request as that person. */
const signIn = async ({ clientId, port, present, serverUrl }: FixedPort, account: string): Promise<string> => {
  const options: CreateMcpOAuthOptions = { serverUrl, account, client: { clientId }, callback: { port } }
  const oauth = await createMcpOAuth(present === undefined ? options : { ...options, present })
  try {
    await oauth.ensure()
    const response = await oauth.fetch(serverUrl)
    await response.body?.cancel()
    return `${account} is signed in: ${response.status}`
  } finally {
    await oauth.close()
  }
}

const both = async (fixed: FixedPort): Promise<void> => {
  const lines = await Promise.all(["ann", "ben"].map((account) => signIn(fixed, account)))
  console.log(lines.join("\n"))
}

if (process.argv.includes("--local")) await withFixedPort(2, both)
else {
  const { CLIENT_ID: clientId = "", PORT: port = "8765", SERVER_URL: serverUrl = "" } = process.env
  await both({ clientId, port: Number(port), serverUrl })
}
