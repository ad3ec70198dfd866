/**
 * Which port a flow listens on: both families of `localhost`, a free port that browsers open, or the first free one of a list.
 */
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import type * as Scope from "effect/Scope"
import { BindError, isPortTaken } from "../core/oauth/BindError.ts"
import type { LoopbackHost } from "../core/oauth/RedirectUri.ts"
import { allOrNothing } from "../effect/allOrNothing.ts"
import * as OneAtATime from "../effect/OneAtATime.ts"
import type { Bound, CallbackRoute, CallbackServer } from "../services/CallbackServer.ts"
import { noBrowserOpens, type ServeFlow } from "./sharePorts.ts"

// A free port of one family that a stranger holds on the other is rare, and so is one that no browser opens; twenty in a row
// are no coincidence.
const redraws = 20

/**
 * Both families on one port, released side by side: a browser takes `localhost` for either, and a stranger who listened
 * on the other one would get the code. A machine without IPv6 has no other one.
 */
const listenOnBoth = (
  listen: ServeFlow,
  port: number,
  serve: (bound: Bound) => CallbackRoute
): Effect.Effect<Bound, BindError, Scope.Scope> => {
  let route: CallbackRoute | undefined
  // One flow, one route: both listeners count into the same record.
  const serveOnce = (bound: Bound) => (route ??= serve(bound))
  const listening = Effect.gen(function* () {
    const bound = yield* listen("127.0.0.1", port, serveOnce)
    yield* Effect.catchIf(
      listen("::1", bound.port, serveOnce),
      ({ reason }) => reason === "AddressNotAvailable",
      () => Effect.succeed(bound)
    )
    return bound
  })
  return allOrNothing(listening, ExecutionStrategy.parallel)
}

/** Listens on a port; when that is any free one (`0`), draws again where the one that the system gave cannot be used. */
const listenAt = (
  listen: ServeFlow,
  host: LoopbackHost,
  port: number,
  serve: (bound: Bound) => CallbackRoute,
  drawsLeft = redraws
): Effect.Effect<Bound, BindError, Scope.Scope> => {
  const listening = host === "localhost"
    ? listenOnBoth(listen, port, serve)
    : listen(host === "[::1]" ? "::1" : "127.0.0.1", port, serve)
  if (port !== 0) return listening
  return Effect.catchIf(
    listening,
    ({ cause, host: address, reason }) =>
      drawsLeft > 0 &&
      (cause === noBrowserOpens || (host === "localhost" && address === "::1" && isPortTaken(reason))),
    () => listenAt(listen, host, port, serve, drawsLeft - 1)
  )
}

/** Tries ports in order; one that is taken, or kept back by the system, leads to the next. */
export const bindWith = (listen: ServeFlow): CallbackServer["bind"] => {
  // Two sockets are taken by one flow after the other: where few descriptors are left, each of many flows would else hold
  // its first socket, and none would get its second. Those of a port that was named are shared, and may take a while.
  const { run: inTurn } = OneAtATime.make()
  return ({ host, ports }, serve) => {
    const listenOn = (port: number) => {
      const listening = listenAt(listen, host, port, serve)
      return host === "localhost" && port === 0 ? inTurn(listening) : listening
    }
    const from = (index: number): Effect.Effect<Bound, BindError, Scope.Scope> =>
      Effect.catchAll(
        listenOn(ports[index] ?? 0),
        (error) =>
          isPortTaken(error.reason) && index + 1 < ports.length ? from(index + 1) : Effect.fail(
            new BindError({
              reason: error.reason,
              host,
              ports: ports.slice(0, index + 1),
              detail: error.detail,
              cause: error.cause
            })
          )
      )
    return from(0)
  }
}
