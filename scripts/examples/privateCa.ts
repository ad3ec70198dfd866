/**
 * For servers with certificates of an authority of your company. No code is needed: `NODE_EXTRA_CA_CERTS=authority.pem node agent.js`
 * (or `node --use-system-ca`, where the machine knows it), `deno run --cert authority.pem`. With a `fetch` like this the authority
 * is trusted for one server alone. Never turn the checks off: then anybody on the way can read the tokens.
 *
 *     npm install effect-oauth-callback undici@7 && npm pkg set type=module
 *     CA_FILE=authority.pem npx tsx privateCa.ts    with your server in place of mcp.example.com
 *     npx tsx privateCa.ts --local                  with servers and an authority of this machine
 *
 * It prints:
 *
 *     With the authority: 200
 *     Without it: DiscoveryError UNABLE_TO_VERIFY_LEAF_SIGNATURE
 */
import { createMcpOAuth, type FetchLike, type McpOAuthFailure } from "effect-oauth-callback/promise"
import { readFileSync } from "node:fs"
import { Agent, fetch as fetchOfUndici } from "undici"
import "./localNetwork.ts" // --local

const { CA_FILE = "authority.pem", SERVER_URL: serverUrl = "https://mcp.example.com/mcp" } = process.env
// For a client certificate add `cert` and `key`.
const dispatcher = new Agent({ connect: { ca: readFileSync(CA_FILE, "utf8") } })
// Node's own `fetch` takes no `dispatcher` of another version of undici.
const fetch: FetchLike = (url, init) =>
  fetchOfUndici(url, { ...init, dispatcher } as never) as unknown as Promise<Response>

const request = { method: "POST", body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' }
const oauth = await createMcpOAuth({ serverUrl, fetch, store: { appName: "my-agent" } })
console.log(`With the authority: ${(await oauth.fetch(serverUrl, request)).status}`)
await oauth.close()
await dispatcher.close()

const untrusting = await createMcpOAuth({ serverUrl })
await untrusting.ensure().catch(({ _tag, ...error }: McpOAuthFailure) => {
  console.log(`Without it: ${_tag} ${"code" in error ? error.code : ""}`)
})
await untrusting.close()
