/**
 * The servers of the demo: one authorization server, and the MCP servers that trust it.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as AuthorizationServer from "../../test/fixtures/AuthorizationServer.ts"
import type { FixtureBindError } from "../../test/fixtures/LoopbackHttp.ts"
import * as McpServer from "../../test/fixtures/McpServer.ts"
import type { DemoError } from "./DemoError.ts"
import * as Store from "./store.ts"

/** Running servers. */
export interface Servers {
  readonly authorizationServer: AuthorizationServer.AuthorizationServer
  /** In the order of their names. */
  readonly mcp: ReadonlyArray<McpServer.McpServer>
}

/** Options of {@link start}. */
export interface Options {
  readonly names: ReadonlyArray<string>
  readonly directory: string
  /** Whether they use the ports and the state of the last run, and save theirs for the next. */
  readonly keep: boolean
  /** Prints a text for the person who runs the demo. */
  readonly say: (text: string) => void
}

const authorizationServerName = "the authorization server"

// Below the ports that systems give out for port 0 (Linux from 32768 on, others from 49152 on): one of those may belong
// to another program in the next run.
const lastingPort = (): number => 20_000 + Math.floor(Math.random() * 10_000)

/**
 * Starts the servers. When the scope closes they stop, and with `keep` their state is saved.
 *
 * A server whose port of the last run is taken gets another port, and so another URL: it has to be signed in to anew.
 */
export const start = (
  { directory, keep, names, say }: Options
): Effect.Effect<Servers, DemoError | FixtureBindError, Scope.Scope> =>
  Effect.gen(function* () {
    const kept: Store.Kept = keep ? yield* Store.load(directory) : { ports: {} }
    const ports: Record<string, number> = { ...kept.ports }

    const on = <A extends { readonly port: number }>(
      name: string,
      make: (port: number, isSame: boolean) => Effect.Effect<A, FixtureBindError, Scope.Scope>
    ): Effect.Effect<A, FixtureBindError, Scope.Scope> => {
      const before = kept.ports[name]
      const anew = keep ? Effect.catchAll(make(lastingPort(), false), () => make(0, false)) : make(0, false)
      const who = name === authorizationServerName ? "all servers have" : `${name} has`
      const elsewhere = Effect.tap(anew, ({ port }) =>
        say(`Port ${before} of ${name} is taken. It comes up on ${port}, and ${who} to be signed in to anew.\n\n`))
      const again = before === undefined ? anew : Effect.catchAll(make(before, true), () =>
        elsewhere)
      return Effect.tap(again, ({ port }) => {
        ports[name] = port
      })
    }

    const { authorizationServer } = yield* on(authorizationServerName, (port, isSame) =>
      Effect.map(
        // The state belongs to an issuer, which is another one on another port.
        AuthorizationServer.make({ port, state: isSame ? kept.authorizationServer : undefined }),
        (authorizationServer) => ({ authorizationServer, port: Number(new URL(authorizationServer.issuer).port) })
      ))
    if (keep) {
      const save = Effect.suspend(() =>
        Store.save(directory, { ports, authorizationServer: authorizationServer.snapshot() })
      )
      yield* Effect.addFinalizer(() =>
        Effect.catchAll(save, ({ message }) => Effect.sync(() => say(`${message}\n`)))
      )
    }
    const mcp = yield* Effect.forEach(
      names,
      (name) => on(name, (port) => McpServer.make({ name, authorizationServer, port }))
    )
    return { authorizationServer, mcp }
  })
