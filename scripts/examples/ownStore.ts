/**
 * For credentials in a store of your own in an Effect program. `CredentialStore.make` makes the service of anything that keeps
 * texts by name, and adds the format, turns within the process, and errors without secrets.
 *
 *     npm install effect-oauth-callback effect@3 && npm pkg set type=module
 *     npx tsx ownStore.ts            with your server in place of mcp.example.com
 *     npx tsx ownStore.ts --local    with a server of this machine, and a browser that agrees to everything
 *
 * It prints:
 *
 *     Stored for 127.0.0.1:49152, and signed in: true
 */
import { Config, Console, Effect, Layer, Ref } from "effect"
import { CredentialStore } from "effect-oauth-callback"
import { McpOAuth } from "effect-oauth-callback/mcp"
import { layer } from "effect-oauth-callback/node" // or /deno, or /bun
import "./localServers.ts" // --local

const ownStore = Layer.effect(
  CredentialStore,
  Effect.gen(function* () {
    const rows = yield* Ref.make<Readonly<Record<string, string>>>({}) // stands for your vault; its effects may fail
    return CredentialStore.make({
      get: (name) => Effect.map(Ref.get(rows), (all) => all[name]),
      set: (name, text) => Ref.update(rows, (all) => ({ ...all, [name]: text })),
      delete: (name) => Ref.update(rows, ({ [name]: _, ...others }) => others),
      list: Effect.map(Ref.get(rows), Object.keys)
      // Where several processes share it, add `exclusively`: two may else spend one refresh token.
    })
  })
)

const program = Effect.gen(function* () {
  const serverUrl = yield* Config.withDefault(Config.string("SERVER_URL"), "https://mcp.example.com/mcp")
  const oauth = yield* McpOAuth.make({ serverUrl })
  yield* oauth.ensure
  for (const { isSignedIn, server } of yield* McpOAuth.accounts) {
    yield* Console.log(`Stored for ${new URL(server).host}, and signed in: ${isSignedIn}`)
  }
})
// What is merged last wins.
await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(Layer.merge(layer, ownStore))))
