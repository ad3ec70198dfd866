/**
 * For an Effect program that shows sign-ins its own way: a `Presenter` in place of the terminal. What runs as long as a sign-in is
 * shown is forked into its scope, by `Effect.forkScoped`: `Effect.fork` would end at once, with the fiber that shows it.
 *
 *     npm install effect-oauth-callback effect@3 && npm pkg set type=module
 *     npx tsx ownPresenter.ts            with your server in place of mcp.example.com
 *     npx tsx ownPresenter.ts --local    with a server of this machine, and a person who clicks on the link
 *
 * It prints:
 *
 *     Sign in to 127.0.0.1:49152 …
 *     SignInEnded: SignedIn
 *     The link is taken away
 */
import { Config, Console, Effect, Layer, Schedule } from "effect"
import { Presenter } from "effect-oauth-callback"
import { McpOAuth } from "effect-oauth-callback/mcp"
import { layer } from "effect-oauth-callback/node" // or /deno, or /bun
import { click } from "./localSteps.ts" // --local

const screen = (text: string, _link?: URL) => Console.log(text) // your own; the link holds `state`, so write it into no log

const ownPresenter = Layer.succeed(Presenter, {
  show: ({ serverName, url }) =>
    Effect.gen(function* () {
      yield* Effect.addFinalizer(() => Console.log("The link is taken away")) // it has ended, however it did
      const spinner = Effect.sync(() => process.stderr.write("."))
      yield* Effect.forkScoped(Effect.repeat(spinner, Schedule.spaced("1 second")))
      yield* screen(`Sign in to ${serverName} …`, url)
      yield* Effect.sync(() => click(url)) // --local
    }),
  notice: (notice) => notice._tag === "SignInEnded" ? Console.log(`${notice._tag}: ${notice.outcome}`) : Effect.void
})

const program = Effect.gen(function* () {
  const serverUrl = yield* Config.withDefault(Config.string("SERVER_URL"), "https://mcp.example.com/mcp")
  const oauth = yield* McpOAuth.make({ serverUrl })
  yield* oauth.ensure
})
// What is merged last wins.
await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(Layer.merge(layer, ownPresenter))))
