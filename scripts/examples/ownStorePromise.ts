/**
 * For credentials in a store of your own, such as a database or a vault: anything that keeps texts by name. The texts hold tokens in
 * the clear, so encrypt them where others can read the store.
 *
 *     npm install effect-oauth-callback && npm pkg set type=module
 *     npx tsx ownStorePromise.ts            with your server in place of mcp.example.com
 *     npx tsx ownStorePromise.ts --local    with a server of this machine, and a browser that agrees to everything
 *
 * It prints:
 *
 *     The store has 1 text, and the next program is signed in: true
 */
import { createMcpOAuth, type TextStore } from "effect-oauth-callback/promise"
import "./localServers.ts" // --local

// Stands for your database. Each function may return a promise, and what it throws is the `cause` of a CredentialStoreError.
const rows = new Map<string, string>()
const store: TextStore = {
  get: (name) => rows.get(name),
  set: (name, text) => rows.set(name, text),
  delete: (name) => rows.delete(name),
  list: () => rows.keys() // for `accounts`
  // Where several processes share it, add `exclusively`, or two may spend one refresh token: see redisStores.ts.
}

const serverUrl = process.env.SERVER_URL ?? "https://mcp.example.com/mcp"
const oauth = await createMcpOAuth({ serverUrl, store })
await oauth.ensure()
await oauth.close()

const next = await createMcpOAuth({ serverUrl, store, interactive: false })
const { isSignedIn } = await next.status()
console.log(`The store has ${rows.size} text, and the next program is signed in: ${isSignedIn}`)
await next.close()
