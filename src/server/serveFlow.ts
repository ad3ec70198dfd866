/**
 * Serves a flow among those of its address, and keeps its last page for a while after it has ended.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Bound, CallbackRoute } from "../services/CallbackServer.ts"
import type { RouteTable } from "./RouteTable.ts"

/** So long a slow phone, or a reload, still gets the page of how the sign-in ended. */
const pageIsKept = Duration.toMillis("1 minute")

/** Takes a flow out of the table; its page stays for a minute, by the clock of the flow. */
const end = (routes: RouteTable, route: CallbackRoute): Effect.Effect<void> =>
  Effect.map(Effect.clock, (clock) => {
    const until = clock.unsafeCurrentTimeMillis() + pageIsKept
    routes.end(route, () => clock.unsafeCurrentTimeMillis() >= until)
  })

/** Serves a flow until the scope closes. */
export const serveFlow = (
  routes: RouteTable,
  bound: Bound,
  serve: (bound: Bound) => CallbackRoute
): Effect.Effect<Bound, never, Scope.Scope> =>
  Effect.gen(function* () {
    const route = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const route = serve(bound)
        routes.add(route)
        return route
      }),
      (route) => end(routes, route)
    )
    if (bound.admit !== undefined) yield* bound.admit(route)
    return bound
  })
