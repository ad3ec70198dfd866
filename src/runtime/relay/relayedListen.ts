/**
 * A port for the flows of several processes of one user. Whoever binds it serves the others; when that process ends, one of
 * them binds it.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { existsSync } from "node:fs"
import { BindError } from "../../core/oauth/BindError.ts"
import { allOrNothing } from "../../effect/allOrNothing.ts"
import { atMost } from "../../effect/atMost.ts"
import { machineSleep } from "../../effect/machineClock.ts"
import type { Bound, CallbackRoute, Listen, LoopbackAddress, RequestHandler } from "../../services/CallbackServer.ts"
import { type GuestConnection, join, type Joined } from "./GuestConnection.ts"
import * as HolderSocket from "./HolderSocket.ts"
import * as RelayPlace from "./RelayPlace.ts"
import * as RemoteRoutes from "./RemoteRoutes.ts"

/** What is shared: a port, where its processes find each other, and the flows of this process. */
interface Shared {
  readonly listen: Listen
  readonly address: LoopbackAddress
  readonly port: number
  readonly place: RelayPlace.RelayPlace
  readonly own: RequestHandler
}

/**
 * For how many milliseconds the socket of whoever has bound the port is looked for: a process of this user makes it a moment
 * later, a stranger's program never.
 */
const longestLook = 250
/** Milliseconds between two looks. */
const pauseMillis = 15

/** For how many milliseconds the holder may take to register a flow: one that is stopped must not hold up the others. */
const addMillis = 1000

/** So many looks are quick once the holder has gone, about a second; after that a stranger's program has the port. */
const quickLooks = 80
const slowPauseMillis = 250

const words: Readonly<Record<Exclude<Joined["_tag"], "Joined">, string | undefined>> = {
  Nobody: undefined,
  OtherVersion:
    "another program of yours uses the port, with a version of effect-oauth-callback that does not share it with this " +
    "one. Update the older of them, end that program, or name further ports",
  Silent:
    "another program of yours uses the port and does not answer; it may be stopped. Continue it, end it, or name further " +
    "ports"
}

/**
 * Listens on the port and serves the other processes, until the scope closes. They are told when the port is free, so that
 * the next one binds it at once.
 */
const hold = (
  { address, listen, own, place, port }: Shared,
  wasGuest: boolean
): Effect.Effect<void, BindError, Scope.Scope> =>
  allOrNothing(Effect.gen(function* () {
    // Where others wait, a socket is left for the next holder to replace: so it knows that there was one before. A guest
    // knows it anyhow: the one before it may have been left by all, who are on their way to the next.
    const routes = RemoteRoutes.make(own, port, wasGuest || existsSync(place.socket))
    const listener = yield* Scope.make()
    yield* Effect.addFinalizer((exit) => Scope.close(listener, exit))
    yield* Scope.extend(listen(address, port, () => routes), listener)
    const handOver = ({ close, remove }: HolderSocket.HolderSocket) =>
      Effect.gen(function* () {
        yield* Effect.promise(routes.finish)
        if (!routes.hasGuests()) remove()
        yield* Scope.close(listener, Exit.void)
        routes.leave()
        yield* Effect.promise(close)
      })
    // Without a socket of its own a process listens all the same; others take it for a stranger then.
    yield* Effect.acquireRelease(
      Effect.option(Effect.tryPromise(() => HolderSocket.open(place, routes.accept))),
      Option.match({ onNone: () => Effect.void, onSome: handOver })
    )
  }))

/** Connects to the process that has the port, until the scope closes. */
const visit = (
  { own, place, port }: Shared,
  error: BindError
): Effect.Effect<GuestConnection, BindError, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(restore(join(place, port, own)), (joined) => {
      if (joined._tag === "Joined") {
        const { connection } = joined
        return Effect.as(Effect.addFinalizer(() => Effect.promise(connection.end)), connection)
      }
      const { cause, host, ports, reason } = error
      return new BindError({ reason, host, ports, detail: words[joined._tag], cause })
    })
  )

/** Holds the port, or visits the process that does. `undefined`: this process holds it. */
const holdOrVisit = (
  shared: Shared,
  wasGuest = false
): Effect.Effect<GuestConnection | undefined, BindError, Scope.Scope> =>
  Effect.catchAll(
    Effect.map(hold(shared, wasGuest), (): GuestConnection | undefined => undefined),
    (error) => error.reason === "PortInUse" ? visit(shared, error) : Effect.fail(error)
  )

/** Whether it helps to look again: the port is taken, and nobody has said that it cannot be shared. */
const mayPass = ({ detail, reason }: BindError): boolean => reason === "PortInUse" && detail === undefined

/** The same at the start of a flow: looks for a holder for a moment, and fails when it is a stranger's program. */
const enter = (shared: Shared, since = performance.now()): ReturnType<typeof holdOrVisit> =>
  Effect.catchIf(
    holdOrVisit(shared),
    (error) => mayPass(error) && performance.now() - since < longestLook,
    () => Effect.zipRight(machineSleep(pauseMillis), enter(shared, since))
  )

/** The same after the holder has gone: a port that flows wait on is never given up. */
const reenter = (shared: Shared, tried = 0): Effect.Effect<GuestConnection | undefined, never, Scope.Scope> =>
  Effect.catchAll(
    holdOrVisit(shared, true),
    () => Effect.zipRight(machineSleep(tried < quickLooks ? pauseMillis : slowPauseMillis), reenter(shared, tried + 1))
  )

const ended = (connection: GuestConnection): Effect.Effect<void> =>
  Effect.async((resume) => connection.onEnd(() => resume(Effect.void)))

const share = (shared: Shared): Effect.Effect<Bound, BindError, Scope.Scope> =>
  Effect.gen(function* () {
    const flows = new Set<CallbackRoute>()
    /** The process that relays; none where this one has the port, or nobody has it yet. */
    let holder = yield* enter(shared)
    let isFree = false
    const stay = (connection: GuestConnection): Effect.Effect<void, never, Scope.Scope> =>
      Effect.gen(function* () {
        yield* ended(connection)
        holder = undefined
        isFree = true
        void connection.end()
        const next = yield* reenter(shared)
        isFree = false
        holder = next
        if (next === undefined) return
        for (const flow of flows) next.add(flow, () => {})
        yield* stay(next)
      })
    if (holder !== undefined) {
      // Who ends while the port is nobody's takes away the socket that was left for it.
      yield* Effect.addFinalizer(() => isFree ? Effect.ignore(Effect.scoped(hold(shared, true))) : Effect.void)
      yield* Effect.forkScoped(stay(holder))
    }
    const admit = (flow: CallbackRoute) =>
      Effect.zipRight(
        Effect.acquireRelease(Effect.sync(() => void flows.add(flow)), () =>
          Effect.sync(() => {
            flows.delete(flow)
            holder?.remove(flow)
          })),
        Effect.suspend(() => {
          const to = holder
          if (to === undefined) return Effect.void
          return atMost(addMillis, Effect.async<void>((resume) => to.add(flow, () => resume(Effect.void))))
        })
      )
    return { port: shared.port, admit }
  })

/**
 * Listens on a port that other processes of this user may share. Not for any free one (0).
 *
 * @param listen Listens for this process alone.
 */
export const relayed = (listen: Listen): Listen => (address, port, serve) =>
  Effect.flatMap(
    Effect.promise(() => RelayPlace.placeOf(address, port)),
    (place) =>
      place === undefined
        ? listen(address, port, serve)
        : Effect.suspend(() => share({ listen, address, port, place, own: serve({ port }) }))
  )
