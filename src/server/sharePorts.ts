/**
 * One listener for all flows of a port: the first one opens it, and the last one closes it.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { BindError } from "../core/oauth/BindError.ts"
import { isBlockedByBrowsers } from "../core/oauth/LoopbackPort.ts"
import * as OneAtATime from "../effect/OneAtATime.ts"
import type { Bound, CallbackRoute, Listen, LoopbackAddress } from "../services/CallbackServer.ts"
import { serveFlow } from "./serveFlow.ts"
import * as RouteTable from "./RouteTable.ts"

/**
 * Has one flow served on one address and one port until the scope closes. Any free port (`0`) that no browser opens is given
 * back: {@link noBrowserOpens}.
 */
export type ServeFlow = (
  address: LoopbackAddress,
  port: number,
  serve: (bound: Bound) => CallbackRoute
) => Effect.Effect<Bound, BindError, Scope.Scope>

/** Why a port that the system gave is not used. */
export const noBrowserOpens: Error = new Error("the system gave a port that no browser opens, each time it was asked")

/** A listener that is open. */
interface Open {
  readonly bound: Bound
  readonly routes: RouteTable.RouteTable
  readonly scope: Scope.CloseableScope
}

/** What the flows of one port share. */
interface Port {
  /** For opening and closing: a port whose listener is being closed is not free yet. */
  readonly turn: OneAtATime.OneAtATime
  /** How many flows use it, or are about to. */
  users: number
  open: Open | undefined
  /** Why it was not opened the last time. */
  failed: BindError | undefined
}

/** Serves each flow on a listener that all flows of the same address and port share. */
export const sharePorts = (listen: Listen): ServeFlow => {
  const ports = new Map<string, Port>()
  const keyOf = (address: LoopbackAddress, port: number) => `${address} ${port}`

  const opened = (port: Port, address: LoopbackAddress, number: number): Effect.Effect<Open, BindError> => {
    const { failed } = port
    return port.turn.run(Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        if (port.open !== undefined) return port.open
        // It takes a while to be sure that a port cannot be shared: whoever waited meanwhile does not begin once more.
        if (port.failed !== undefined && port.failed !== failed) return yield* port.failed
        const scope = yield* Scope.make()
        const routes = RouteTable.make()
        const bound = yield* Scope.extend(listen(address, number, () => routes), scope).pipe(
          restore,
          Effect.filterOrFail(
            (bound) => number !== 0 || !isBlockedByBrowsers(bound.port),
            (bound) => new BindError({ reason: "PortInUse", host: address, ports: [bound.port], cause: noBrowserOpens })
          ),
          Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
          Effect.tapError((error) => Effect.sync(() => port.failed = error))
        )
        return port.open = { bound, routes, scope }
      })
    ))
  }

  const leave = (key: string, port: Port, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> => {
    const close = Effect.suspend(() => {
      // Somebody came while the turn was waited for.
      if (port.users > 0) return Effect.void
      const { open } = port
      port.open = undefined
      const closed = open === undefined ? Effect.void : Scope.close(open.scope, exit)
      const forget = Effect.sync(() => {
        if (port.users === 0 && ports.get(key) === port) ports.delete(key)
      })
      return Effect.zipRight(closed, forget)
    })
    return Effect.suspend(() => --port.users > 0 ? Effect.void : port.turn.run(close))
  }

  const enter = (address: LoopbackAddress, number: number): Effect.Effect<Open, BindError, Scope.Scope> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        // Any free port (0) is nobody's yet.
        const known = number === 0 ? undefined : ports.get(keyOf(address, number))
        const port = known ?? { turn: OneAtATime.make(), users: 0, open: undefined, failed: undefined }
        port.users++
        let key = keyOf(address, number)
        if (number !== 0) ports.set(key, port)
        const open = yield* Effect.onError(
          restore(opened(port, address, number)),
          (cause) => leave(key, port, Exit.failCause(cause))
        )
        key = keyOf(address, open.bound.port)
        if (!ports.has(key)) ports.set(key, port)
        yield* Scope.addFinalizerExit(yield* Effect.scope, (exit) => leave(key, port, exit))
        return open
      })
    )

  return (address, port, serve) =>
    Effect.flatMap(enter(address, port), ({ bound, routes }) => serveFlow(routes, bound, serve))
}
