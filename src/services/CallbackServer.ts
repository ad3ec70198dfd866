/**
 * Listening on the loopback interface.
 */
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { Answer } from "../core/oauth/Answer.ts"
import type { BindError } from "../core/oauth/BindError.ts"
import type { LoopbackHost } from "../core/oauth/RedirectUri.ts"
import type { HttpRefusalReason } from "../core/oauth/RefusalReason.ts"
import type { RequestHead } from "../core/oauth/RequestHead.ts"

/**
 * The answer comes later, when the flow knows its outcome.
 *
 * @since 0.1.0
 * @category models
 */
export interface Hold {
  /** Tells it from the other replies. */
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
  /** Tells it from the other replies. */
  readonly _tag: "ReadBody"
  /** The most bytes of the body; a longer one is refused. */
  readonly limit: number
}

/**
 * What to do with a request.
 *
 * @since 0.1.0
 * @category models
 */
export type Reply =
  /** `refused`: the reason, where the request was refused. */
  | { readonly _tag: "Answer"; readonly answer: Answer; readonly refused?: HttpRefusalReason | undefined }
  | Hold
  | ReadBody

/**
 * What a listener serves: plain functions, so that a junk request costs no fiber.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestHandler {
  /** What to do with a request. After `ReadBody` it is asked again, with the body. It never throws. */
  readonly handle: (head: RequestHead, body?: string) => Reply
  /** For what the listener itself must refuse: records it and gives the answer. */
  readonly refuse: (reason: "Malformed" | "HttpsRequest" | "HeadersTooLarge" | "BodyTooLarge") => Answer
  /** Whether a request carries the `state` of one of its flows, or asks for the last page of one. */
  readonly knows?: ((head: RequestHead, body?: string) => boolean) | undefined
}

/**
 * One flow, as a listener serves it.
 *
 * @since 0.1.0
 * @category models
 */
export interface CallbackRoute extends RequestHandler {
  /** Finds the flow, where several share one server. */
  readonly state: Redacted.Redacted<string>
  /** Nonce of the flow's last page, by which it is found too. */
  readonly done: string
  /** The paths that the flow answers at. */
  readonly paths: ReadonlySet<string>
  /** Whether the answer may come as a posted form, so that its `state` is in the body. */
  readonly takesForms: boolean
  /** Records a refused request that may have been for this flow as well as for another; the person is not told of it. */
  readonly overhear: (reason: HttpRefusalReason) => void
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
  /** Makes a flow known where requests come in, if that is elsewhere, until the scope closes. Never fails. */
  readonly admit?: ((route: CallbackRoute) => Effect.Effect<void, never, Scope.Scope>) | undefined
}

/**
 * What to listen on.
 *
 * @since 0.1.0
 * @category options
 */
export interface BindOptions {
  /** The name in the redirect URI, which says on which addresses to listen. */
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
  serve: (bound: Bound) => RequestHandler
) => Effect.Effect<Bound, BindError, Scope.Scope>
