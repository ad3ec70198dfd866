/**
 * Serves a flow among those of its address, and keeps its last page for a while after it has ended.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import type { Bound, CallbackRoute } from "../services/CallbackServer.ts"
import type { RouteTable } from "./RouteTable.ts"

/** So long a slow phone, or a reload, still gets the page of how the sign-in ended. */
const pageIsKept = Duration.toMillis("1 minute")

/** Serves a flow until the scope closes. By the clock of the flow its page stays for a minute after that. */
export const serveFlow = (
  routes: RouteTable,
  bound: Bound,
  serve: (bound: Bound) => CallbackRoute
): Effect.Effect<Bound, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const route = serve(bound)
    const end = Effect.sync(() => {
      const until = clock.unsafeCurrentTimeMillis() + pageIsKept
      routes.end(route, () => clock.unsafeCurrentTimeMillis() >= until)
    })
    yield* Scope.addFinalizer(yield* Effect.scope, end)
    routes.add(route)
    if (bound.admit !== undefined) yield* bound.admit(route)
    return bound
  })
