/**
 * For whatever takes a `fetch`: a transport of the MCP SDK, Vercel's AI SDK, or plain requests. It adds the access token, refreshes
 * it, and signs in where that is needed; the token goes to this server only. It needs neither Effect nor an MCP SDK.
 *
 *     npm install effect-oauth-callback && npm pkg set type=module
 *     npx tsx oneFetch.ts            with your server in place of mcp.example.com
 *     npx tsx oneFetch.ts --local    with a server of this machine, and a browser that agrees to everything
 *
 * It prints:
 *
 *     5 requests, and one sign-in: 200 200 200 200 200
 */
import { createMcpOAuth } from "effect-oauth-callback/promise"
import "./localServers.ts" // --local

const serverUrl = process.env.SERVER_URL ?? "https://mcp.example.com/mcp"
const oauth = await createMcpOAuth({ serverUrl, store: { appName: "my-agent" } })

// Vercel's AI SDK: await createMCPClient({ transport: { type: "http", url: serverUrl, fetch: oauth.fetch } })
// The MCP SDK:     new StreamableHTTPClientTransport(new URL(serverUrl), { fetch: oauth.fetch })
const request = {
  method: "POST",
  headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
  body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" })
}
const ask = async (): Promise<number> => {
  const response = await oauth.fetch(serverUrl, request)
  await response.body?.cancel()
  return response.status
}
const statuses = await Promise.all([ask(), ask(), ask(), ask(), ask()])
console.log(`5 requests, and one sign-in: ${statuses.join(" ")}`)
await oauth.close()
