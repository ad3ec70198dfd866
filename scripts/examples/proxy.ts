/**
 * For a network that is left through a proxy alone. On Node 24 (22 from 22.21) no code is needed:
 * `NODE_USE_ENV_PROXY=1 HTTPS_PROXY=http://name:password@proxy:8080 node agent.js`; Deno takes HTTPS_PROXY as it is. With a `fetch`
 * like this it works on Node 20 too, and for one server alone. What is wrong, `code` of the error says: "407", "ENOTFOUND" …
 *
 *     npm install effect-oauth-callback undici@7 && npm pkg set type=module
 *     PROXY_URL=http://name:password@proxy:8080 npx tsx proxy.ts    with your server in place of mcp.example.com
 *     npx tsx proxy.ts --local                                      with a proxy and servers of this machine
 *
 * It prints:
 *
 *     Through the proxy: 200
 *     Without it: DiscoveryError ENOTFOUND
 */
import { createMcpOAuth, type FetchLike, type McpOAuthFailure } from "effect-oauth-callback/promise"
import { readFileSync } from "node:fs"
import { fetch as fetchOfUndici, ProxyAgent } from "undici"
import "./localNetwork.ts" // --local

const { CA_FILE, PROXY_URL = "http://name:password@proxy:8080" } = process.env
const dispatcher = new ProxyAgent({
  uri: PROXY_URL,
  // Only where the servers have certificates of an authority of your company.
  ...(CA_FILE !== undefined && { requestTls: { ca: readFileSync(CA_FILE, "utf8") } })
})
// Node's own `fetch` takes no `dispatcher` of another version of undici.
const fetch: FetchLike = (url, init) =>
  fetchOfUndici(url, { ...init, dispatcher } as never) as unknown as Promise<Response>

const serverUrl = process.env.SERVER_BEHIND_PROXY ?? "https://mcp.example.com/mcp"
const request = { method: "POST", body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' }
const oauth = await createMcpOAuth({ serverUrl, fetch, store: { appName: "my-agent" } })
console.log(`Through the proxy: ${(await oauth.fetch(serverUrl, request)).status}`)
await oauth.close()
await dispatcher.close()

const direct = await createMcpOAuth({ serverUrl })
await direct.ensure().catch(({ _tag, ...error }: McpOAuthFailure) => {
  console.log(`Without it: ${_tag} ${"code" in error ? error.code : ""}`)
})
await direct.close()
