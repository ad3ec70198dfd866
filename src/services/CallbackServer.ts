/**
 * Listening on the loopback interface.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { Answer } from "../core/oauth/Answer.ts"
import { BindError, isPortTaken } from "../core/oauth/BindError.ts"
import { isBlockedByBrowsers } from "../core/oauth/LoopbackPort.ts"
import type { LoopbackHost } from "../core/oauth/RedirectUri.ts"
import type { RequestHead } from "../core/oauth/RequestHead.ts"
import { allOrNothing } from "../effect/allOrNothing.ts"
import * as OneAtATime from "../effect/OneAtATime.ts"

/**
 * The answer comes later, when the flow knows its outcome.
 *
 * @since 0.1.0
 * @category models
 */
export interface Hold {
  readonly _tag: "Hold"
  /** Hands over the writer of the answer; the result takes it back, for a client that went away. */
  readonly onAnswer: (write: (answer: Answer) => void) => () => void
}

/**
 * Read the body, at most `limit` bytes of it, and ask again.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReadBody {
  readonly _tag: "ReadBody"
  readonly limit: number
}

/**
 * What to do with a request.
 *
 * @since 0.1.0
 * @category models
 */
export type Reply = { readonly _tag: "Answer"; readonly answer: Answer } | Hold | ReadBody

/**
 * What a listener serves: plain functions, so that a junk request costs no fiber.
 *
 * @since 0.1.0
 * @category models
 */
export interface CallbackRoute {
  /** Finds the flow, where several share one server. */
  readonly state: Redacted.Redacted<string>
  /** Nonce of the flow's last page, by which it is found too. */
  readonly done: string
  readonly handle: (head: RequestHead, body?: string) => Reply
  /** For what the listener itself must refuse: records it and gives the answer. */
  readonly refuse: (reason: "Malformed" | "HttpsRequest" | "HeadersTooLarge" | "BodyTooLarge") => Answer
}

/**
 * A listener that is already accepting connections.
 *
 * @since 0.1.0
 * @category models
 */
export interface Bound {
  /** The port a browser on this machine connects to. */
  readonly port: number
  /** Set by a server that has an address of its own, instead of the loopback one. */
  readonly redirectUri?: string | undefined
}

/**
 * What to listen on.
 *
 * @since 0.1.0
 * @category options
 */
export interface BindOptions {
  readonly host: LoopbackHost
  /** Tried in order; `0` is any free port. */
  readonly ports: ReadonlyArray<number>
}

/**
 * Opens listeners.
 *
 * @since 0.1.0
 * @category services
 */
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

/**
 * An address to listen on, as the operating system takes it.
 *
 * @since 0.1.0
 * @category models
 */
export type LoopbackAddress = "127.0.0.1" | "::1"

/**
 * Listens on one address and one port until the scope closes; `serve` is called once, before the first request.
 *
 * @since 0.1.0
 * @category services
 */
export type Listen = (
  address: LoopbackAddress,
  port: number,
  serve: (bound: Bound) => CallbackRoute
) => Effect.Effect<Bound, BindError, Scope.Scope>

// A free port of one family that a stranger holds on the other is rare, and so is one that no browser opens; twenty in a row
// are no coincidence.
const redraws = 20

/**
 * Both families on one port, released side by side: a browser takes `localhost` for either, and a stranger who listened
 * on the other one would get the code. A machine without IPv6 has no other one.
 */
const listenOnBoth = (
  listen: Listen,
  port: number,
  serve: (bound: Bound) => CallbackRoute
): Effect.Effect<Bound, BindError, Scope.Scope> => {
  let route: CallbackRoute | undefined
  // One flow, one route: both listeners count into the same record.
  const serveOnce = (bound: Bound) => (route ??= serve(bound))
  return Effect.gen(function* () {
    const bound = yield* listen("127.0.0.1", port, serveOnce)
    yield* Effect.catchIf(
      listen("::1", bound.port, serveOnce),
      ({ reason }) => reason === "AddressNotAvailable",
      () => Effect.succeed(bound)
    )
    return bound
  })
}

const noBrowserOpens = new Error("the system gave a port that no browser opens, each time it was asked")

/** Listens on a port; when that is any free one (`0`), draws again where the one that the system gave cannot be used. */
const listenAt = (
  listen: Listen,
  host: LoopbackHost,
  port: number,
  serve: (bound: Bound) => CallbackRoute,
  drawsLeft = redraws
): Effect.Effect<Bound, BindError, Scope.Scope> => {
  const listening = host === "localhost"
    ? listenOnBoth(listen, port, serve)
    : listen(host === "[::1]" ? "::1" : "127.0.0.1", port, serve)
  if (port !== 0) return host === "localhost" ? allOrNothing(listening, ExecutionStrategy.parallel) : listening
  const drawn = Effect.filterOrFail(
    listening,
    (bound) => !isBlockedByBrowsers(bound.port),
    ({ port }) => new BindError({ reason: "PortInUse", host, ports: [port], cause: noBrowserOpens })
  )
  return Effect.catchIf(
    allOrNothing(drawn, ExecutionStrategy.parallel),
    ({ cause, host: address, reason }) =>
      drawsLeft > 0 &&
      (cause === noBrowserOpens || (host === "localhost" && address === "::1" && isPortTaken(reason))),
    () => listenAt(listen, host, port, serve, drawsLeft - 1)
  )
}

/** Tries ports in order; one that is taken, or kept back by the system, leads to the next. */
const bindWith = (listen: Listen): CallbackServer["bind"] => {
  // Two sockets are taken by one flow after the other: where few descriptors are left, each of many flows would else hold
  // its first socket, and none would get its second.
  const { run: inTurn } = OneAtATime.make()
  return ({ host, ports }, serve) => {
    const listenOn = (port: number) => {
      const listening = listenAt(listen, host, port, serve)
      return host === "localhost" ? inTurn(listening) : listening
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

/**
 * Tag of the {@link CallbackServer} service, and its constructor.
 *
 * @since 0.1.0
 * @category services
 */
export const CallbackServer: Context.Tag<CallbackServer, CallbackServer> & {
  /** A server from one that listens on a single address and port. */
  readonly make: (listen: Listen) => CallbackServer
} = Object.assign(Context.GenericTag<CallbackServer>("effect-oauth-callback/CallbackServer"), {
  make: (listen: Listen): CallbackServer => ({ bind: bindWith(listen) })
})
