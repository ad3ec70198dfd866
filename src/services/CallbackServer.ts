/**
 * Listening on the loopback interface.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import type { Answer } from "../core/oauth/Answer.ts"
import { BindError, isPortTaken } from "../core/oauth/BindError.ts"
import type { RequestHead } from "../core/oauth/CallbackRoute.ts"
import type { LoopbackHost } from "../core/oauth/RedirectUri.ts"
import { acquire } from "./acquire.ts"

/** The answer comes later, when the flow knows its outcome. */
export interface Hold {
  readonly _tag: "Hold"
  /** Hands over the writer of the answer; the result takes it back, for a client that went away. */
  readonly onAnswer: (write: (answer: Answer) => void) => () => void
}

/** Read the body, at most `limit` bytes of it, and ask again. */
export interface ReadBody {
  readonly _tag: "ReadBody"
  readonly limit: number
}

/** What to do with a request. */
export type Reply = { readonly _tag: "Answer"; readonly answer: Answer } | Hold | ReadBody

/** What a listener serves: plain functions, so that a junk request costs no fiber. */
export interface CallbackRoute {
  /** Finds the flow, where several share one server. */
  readonly state: Redacted.Redacted<string>
  /** Nonce of the flow's last page, by which it is found too. */
  readonly done: string
  readonly handle: (head: RequestHead, body?: string) => Reply
  /** For what the listener itself must refuse: records it and gives the answer. */
  readonly refuse: (reason: "Malformed" | "HeadersTooLarge" | "BodyTooLarge") => Answer
}

/** A listener that is already accepting connections. */
export interface Bound {
  /** The port a browser on this machine connects to. */
  readonly port: number
  /** Set by a server that has an address of its own, instead of the loopback one. */
  readonly redirectUri?: string | undefined
}

/** What to listen on. */
export interface BindOptions {
  readonly host: LoopbackHost
  /** Tried in order; `0` is any free port. */
  readonly ports: ReadonlyArray<number>
}

/** A listener that serves until somebody closes it. */
export interface Listening extends Bound {
  /** Takes less than one second, whatever clients do, and lets a page being sent arrive. To be run once. */
  readonly close: (exit: Exit.Exit<unknown, unknown>) => Effect.Effect<void>
}

/** Opens listeners. */
export interface CallbackServer {
  /**
   * Listens, and serves the route that `serve` makes for the bound port, until the scope closes. Safe to interrupt at
   * any point; release takes less than one second, whatever clients do, and lets a page being sent arrive.
   */
  readonly bind: (
    options: BindOptions,
    serve: (bound: Bound) => CallbackRoute
  ) => Effect.Effect<Bound, BindError, Scope.Scope>
}

/** An address to listen on, as the operating system takes it. */
export type LoopbackAddress = "127.0.0.1" | "::1"

/** Listens on one address and one port until the scope closes; `serve` is called once, before the first request. */
export type Listen = (
  address: LoopbackAddress,
  port: number,
  serve: (bound: Bound) => CallbackRoute
) => Effect.Effect<Bound, BindError, Scope.Scope>

/** Makes a part of what is not to be interrupted as interruptible as the caller is. */
export type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/**
 * Listens on one address and one port until it is closed; to be run where nothing interrupts before the close is known, but
 * what is restored.
 */
export type OpenListener = (
  address: LoopbackAddress,
  port: number,
  serve: (bound: Bound) => CallbackRoute,
  restore: Restore
) => Effect.Effect<Listening, BindError>

type Open = (
  options: BindOptions,
  serve: (bound: Bound) => CallbackRoute,
  restore: Restore
) => Effect.Effect<Listening, BindError>

// Not a member of the service: whoever puts a `bind` of his own in its place is asked for that one.
const openers = new WeakMap<CallbackServer["bind"], Open>()

// A free port of one family that a stranger holds on the other is rare; twenty in a row are no coincidence.
const redraws = 20

/**
 * Both families on one port, released at the same time: a browser takes `localhost` for either, and whoever listened on
 * the other one would get the code. Without IPv6 on the machine there is no other one.
 */
const openBoth = (
  open: OpenListener,
  port: number,
  serve: (bound: Bound) => CallbackRoute,
  restore: Restore,
  drawsLeft: number
): Effect.Effect<Listening, BindError> => {
  let route: CallbackRoute | undefined
  // One flow, one route: both listeners count into the same record.
  const shared = (bound: Bound) => (route ??= serve(bound))
  return Effect.flatMap(
    open("127.0.0.1", port, shared, restore),
    (first) =>
      Effect.matchCauseEffect(open("::1", first.port, shared, restore), {
        onSuccess: (second) => {
          const close: Listening["close"] = (exit) =>
            Effect.all([first.close(exit), second.close(exit)], { concurrency: "unbounded", discard: true })
          return Effect.succeed({ ...first, close })
        },
        onFailure: (cause) =>
          Option.exists(Cause.failureOption(cause), ({ reason }) => reason === "AddressNotAvailable")
            ? Effect.succeed(first)
            : Effect.zipRight(first.close(Exit.failCause(cause)), Effect.failCause(cause))
      })
  ).pipe(
    Effect.catchIf(
      (error) => port === 0 && drawsLeft > 0 && error.host === "::1" && isPortTaken(error.reason),
      () => openBoth(open, port, serve, restore, drawsLeft - 1)
    )
  )
}

/** Tries ports in order; one that is taken, or kept back by the system, leads to the next. */
const openWith = (listener: OpenListener): Open => ({ host, ports }, serve, restore) => {
  const openAt = (port: number) =>
    host === "localhost"
      ? openBoth(listener, port, serve, restore, redraws)
      : listener(host === "[::1]" ? "::1" : "127.0.0.1", port, serve, restore)
  const from = (index: number): Effect.Effect<Listening, BindError> =>
    Effect.catchAll(
      openAt(ports[index] ?? 0),
      (error) =>
        isPortTaken(error.reason) && index + 1 < ports.length ? from(index + 1) : Effect.fail(
          new BindError({ reason: error.reason, host, ports: ports.slice(0, index + 1), cause: error.cause })
        )
    )
  // What fails then, says so already.
  return host === "127.0.0.1" && ports.length === 1 ? openAt(ports[0] ?? 0) : from(0)
}

/** The service over what listens on a single address without a scope: ours. */
export const fromListener = (listener: OpenListener): CallbackServer => {
  const open = openWith(listener)
  const bind: CallbackServer["bind"] = (options, serve) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.map(
        acquire(open(options, serve, restore), ({ close }, exit) => close(exit)),
        ({ close: _, ...bound }) => bound
      )
    )
  openers.set(bind, open)
  return { bind }
}

/** What a server acquires is kept in a scope of its own. It may take its time, and be given up by an interrupt. */
const unscoped = (
  bind: Effect.Effect<Bound, BindError, Scope.Scope>,
  restore: Restore
): Effect.Effect<Listening, BindError> =>
  Effect.flatMap(Scope.make(), (scope) =>
    Effect.matchCauseEffect(restore(Scope.extend(bind, scope)), {
      onSuccess: (bound) => Effect.succeed({ ...bound, close: (exit) => Scope.close(scope, exit) }),
      onFailure: (cause) => Effect.zipRight(Scope.close(scope, Exit.failCause(cause)), Effect.failCause(cause))
    }))

/**
 * Listens without a scope, for who closes the listener himself: to have a scope in the context costs a flow as much as the
 * listener. To be run where nothing interrupts before the close is known, but what is restored.
 */
export const openOn = (server: CallbackServer): Open =>
  openers.get(server.bind) ?? ((options, serve, restore) => unscoped(server.bind(options, serve), restore))

/** Tag of the {@link CallbackServer} service, and its constructor from one that listens on a single address. */
export const CallbackServer: Context.Tag<CallbackServer, CallbackServer> & {
  readonly make: (listen: Listen) => CallbackServer
} = Object.assign(Context.GenericTag<CallbackServer>("effect-oauth-callback/CallbackServer"), {
  make: (listen: Listen): CallbackServer =>
    fromListener((address, port, serve, restore) => unscoped(listen(address, port, serve), restore))
})
