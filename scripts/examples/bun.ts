/**
 * For an agent on Bun: the same as on Node. With Effect the layers are those of `effect-oauth-callback/bun`.
 *
 *     bun add effect-oauth-callback effect@3
 *     bun bun.ts            with your server in place of mcp.example.com
 *     bun bun.ts --local    with a server of this machine, and a browser that agrees to everything
 *
 * It prints:
 *
 *     Without Effect: 200
 *     With Effect: 200
 */
import { Effect } from "effect"
import { layerFile } from "effect-oauth-callback/bun"
import { McpOAuth } from "effect-oauth-callback/mcp"
import { createMcpOAuth } from "effect-oauth-callback/promise"
import process from "node:process"
import "./localServers.ts" // --local

const serverUrl = process.env.SERVER_URL ?? "https://mcp.example.com/mcp"
const request = { method: "POST", body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' }

const oauth = await createMcpOAuth({ serverUrl, store: { appName: "my-agent" } })
console.log(`Without Effect: ${(await oauth.fetch(serverUrl, request)).status}`)
await oauth.close()

const program = Effect.gen(function* () {
  const { fetch } = yield* McpOAuth.make({ serverUrl })
  return yield* Effect.tryPromise(() => fetch(serverUrl, request))
})
// It finds what the first part has stored.
const { status } = await Effect.runPromise(
  Effect.scoped(program).pipe(Effect.provide(layerFile({ appName: "my-agent" })))
)
console.log(`With Effect: ${status}`)
