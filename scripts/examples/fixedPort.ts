/**
 * Two people sign in at once, by a client whose one redirect URI names a port. They share it; so do programs that run at the
 * same time.
 *
 *     npm install effect-oauth-callback && npm pkg set type=module
 *     SERVER_URL=https://mcp.example.com/mcp CLIENT_ID=… PORT=8765 npx tsx fixedPort.ts
 *     npx tsx fixedPort.ts --local    with a server of this machine, and a browser that agrees to everything
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
import { createMcpOAuth } from "effect-oauth-callback/promise"
import { present } from "./localFixedPort.ts" // --local

const { CLIENT_ID: clientId = "", PORT = "8765", SERVER_URL: serverUrl = "https://mcp.example.com/mcp" } = process.env

/** Signs one person in, and sends a request as that person. */
const signIn = async (account: string): Promise<string> => {
  const oauth = await createMcpOAuth({
    present, // --local
    serverUrl,
    account,
    client: { clientId },
    callback: { port: Number(PORT) }
  })
  try {
    await oauth.ensure()
    const ping = { method: "POST", body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' }
    return `${account} is signed in: ${(await oauth.fetch(serverUrl, ping)).status}`
  } finally {
    await oauth.close()
  }
}

console.log((await Promise.all(["ann", "ben"].map(signIn))).join("\n"))
