/**
 * Sending the person away and waiting for the answer: the listener and the paste race, one response wins, it is checked,
 * and the caller's exchange decides what the page says.
 */
import type * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import type * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import * as AuthorizationResponse from "../core/oauth/AuthorizationResponse.ts"
import * as AuthorizationUrl from "../core/oauth/AuthorizationUrl.ts"
import type { FlowError } from "../core/oauth/FlowError.ts"
import type { PasteInput } from "../services/PasteInput.ts"
import type { Presenter } from "../services/Presenter.ts"
import { clockOf, type Delay, delayOf, hasTracer, logsDebug, runtimeOf } from "./Ambient.ts"
import { exchangeCode } from "./exchangeCode.ts"
import type { FlowChannels } from "./FlowChannels.ts"
import * as FlowSpan from "./FlowSpan.ts"
import type { Arrival, Via } from "./PendingResponse.ts"
import * as Telling from "./Telling.ts"
import { endWith } from "./inTurn.ts"
import { type Wait, waitForResponse } from "./waitForResponse.ts"

/** A good answer, checked whole. */
export interface Granted extends AuthorizationResponse.Checked {
  /** Which way the answer came. */
  readonly via: Via
}

/** What `authorize` is asked for. */
export interface AuthorizeRequest {
  /**
   * Where the person signs in; it is never rewritten. Its `state` and `redirect_uri` must be the flow's, each exactly
   * once; they may be absent only beside `request` (RFC 9101) or `request_uri` (RFC 9126).
   */
  readonly url: URL | string
  /** What the person signs in to, as the Presenter names it. @default the host of `url` */
  readonly serverName?: string | undefined
  /** The issuer that `iss` must equal (RFC 9207 section 2.4). Without it a present `iss` is accepted and returned. */
  readonly issuer?: string | undefined
  /** Whether the server advertised `iss`; then it must be there. @default false */
  readonly issuerRequired?: boolean | undefined
  /** Time from showing the URL to the accepted response. @default "5 minutes" */
  readonly timeout?: Duration.DurationInput | undefined
  /**
   * Shows the URL, once both arms wait; it is interrupted when the answer comes first. `false`: you show it yourself.
   *
   * @default the Presenter
   */
  readonly present?: false | ((url: URL) => Effect.Effect<unknown>) | undefined
  /**
   * Waits until this sign-in may be put before the person, for programs with several. Before that the Presenter only
   * tells of it (`SignInQueued`): the URL works already, and the clock stands. What it acquires is released when the
   * sign-in ends.
   *
   * @default at once
   */
  readonly turn?: Effect.Effect<void, never, Scope.Scope> | undefined
}

/** What `authorize` is asked for, with the exchange of the code inside. */
export interface ExchangeRequest<A, E, R> extends AuthorizeRequest {
  /** Exchanges the code. The page waits for it, 10 seconds at most before it turns neutral, and tells the truth. */
  readonly exchange: (granted: Granted) => Effect.Effect<A, E, R>
  /** Time for the exchange. @default "30 seconds" */
  readonly exchangeTimeout?: Duration.DurationInput | undefined
  /** What the page says when the exchange fails. @default a fixed sentence, never the error's own message */
  readonly describe?: ((error: E) => string) | undefined
}

/** Signature of `flow.authorize`. */
export interface Authorize {
  <A, E, R>(request: ExchangeRequest<A, E, R>): Effect.Effect<A, E | FlowError, R>
  (request: AuthorizeRequest & { readonly exchange?: undefined }): Effect.Effect<Granted, FlowError>
}

/** An open flow, as far as `authorize` needs it. */
export interface Flow {
  readonly channels: FlowChannels
  readonly presenter: Presenter
  /** Undefined when the flow was opened without paste. */
  readonly paste: Required<PasteInput> | undefined
  readonly redirectUri: string
  readonly listening: boolean
  /** Whether the redirect URI is the caller's, or the server's, own. */
  readonly forwarded: boolean
  readonly state: Redacted.Redacted<string>
}

const check = (
  { channels }: Flow,
  { response, via }: Arrival,
  request: AuthorizeRequest
): Either.Either<Granted, FlowError> => {
  const checked = AuthorizationResponse.check(response, request)
  if (Either.isRight(checked)) return Either.right({ ...checked.right, via })
  const error = checked.left
  channels.pending.settle(error._tag === "AuthorizationDenied" ? { _tag: "Denied", error } : { _tag: "Invalid", error })
  return Either.left(error)
}

/** One use of a flow, and what it runs in. */
interface Use<A, E, R> extends Wait {
  readonly request: AuthorizeRequest & Partial<ExchangeRequest<A, E, R>>
  readonly logs: boolean
  readonly delay: Delay
  /** Undefined where nobody could see it. */
  readonly span: Tracer.Span | undefined
}

/** Lets everybody know how it ended: no browser is left waiting, whatever ended it. */
const end = <A, E>(
  { clock, flow, span, telling }: Pick<Use<unknown, unknown, unknown>, "clock" | "flow" | "span" | "telling">,
  exit: Exit.Exit<A, E>
): Effect.Effect<A, E> => {
  flow.channels.pending.settle({ _tag: "Closed" })
  flow.channels.tellRefusals(undefined)
  span?.end(clock.unsafeCurrentTimeNanos(), exit)
  const told = telling.ended(exit)
  return told === undefined ? exit : endWith(told, exit)
}

/** Checks the answer, and exchanges its code where that is asked for. */
const accept = <A, E, R>(use: Use<A, E, R>, arrival: Arrival): Effect.Effect<A | Granted, E | FlowError, R> => {
  const { flow, logs, request, span, telling } = use
  flow.channels.tellRefusals(undefined)
  if (arrival.characters !== undefined) telling.accepted(arrival.characters)
  const granted = check(flow, arrival, request)
  if (Either.isLeft(granted)) return end(use, Exit.fail(granted.left))
  const { exchange } = request
  const spanned = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    span === undefined ? effect : Effect.withParentSpan(effect, span) as Effect.Effect<A, E, R>
  const onFailure = (cause: Cause.Cause<E | FlowError>) => end(use, Exit.failCause(cause))
  const proceed = (): Effect.Effect<A | Granted, E | FlowError, R> => {
    if (exchange === undefined) {
      flow.channels.pending.settle({ _tag: "Received" })
      return end(use, Exit.succeed(granted.right))
    }
    telling.exchanging()
    return Effect.matchCauseEffect(
      spanned(exchangeCode(flow.channels, granted.right, { ...request, exchange }, use.delay)),
      {
        onSuccess: (value) => end(use, Exit.succeed(value)),
        onFailure
      }
    )
  }
  return logs
    ? Effect.matchCauseEffect(spanned(Effect.logDebug(`Answer accepted by ${arrival.via}`)), {
      onSuccess: proceed,
      onFailure
    })
    : proceed()
}

/** Nothing interrupts it but the wait and the exchange; elsewhere each step is followed by the next. */
const useFlow = <A, E, R>(use: Use<A, E, R>): Effect.Effect<A | Granted, E | FlowError, R> =>
  waitForResponse<A | Granted, E | FlowError, R>(use, {
    onArrival: (arrival) => accept(use, arrival),
    onFailure: (cause) => end(use, Exit.failCause(cause))
  })

/** A mistake in the program, so a defect; tagged for those who see it as a rejection. */
class AlreadyUsed extends Error {
  readonly _tag = "AlreadyUsed"
  constructor() {
    super("Cannot authorize twice with one flow. Open a new flow for another sign-in")
  }
  override get name(): string {
    return this._tag
  }
}

/** `authorize` of one flow. */
export const authorize = (flow: Flow): Authorize => {
  const { pending } = flow.channels
  let used = false
  const signIn = <A, E, R>(
    request: AuthorizeRequest & Partial<ExchangeRequest<A, E, R>>
  ): Effect.Effect<A | Granted, E | FlowError, R> =>
    Effect.withFiberRuntime<A | Granted, E | FlowError, R>((fiber, status) => {
      const url = AuthorizationUrl.check(request.url, flow)
      if (Either.isLeft(url)) return Effect.fail(url.left)
      if (pending.isClosed()) return Effect.interrupt
      if (used) return Effect.die(new AlreadyUsed())
      const millis = Duration.toMillis(request.timeout ?? "5 minutes")
      used = true
      flow.channels.name(request.serverName ?? url.right.host)
      const runtime = runtimeOf(fiber, status)
      const telling = Telling.make(flow, runtime, url.right, request)
      const delay = delayOf(fiber, status)
      const use = { flow, request, telling, millis, delay, clock: clockOf(fiber), logs: logsDebug(fiber) }
      return Effect.uninterruptible(
        request.exchange === undefined && !hasTracer(fiber)
          ? useFlow({ ...use, runtime, span: undefined })
          : FlowSpan.begin("CallbackFlow.authorize", (span) =>
            useFlow({ ...use, runtime: Runtime.provideService(runtime, Tracer.ParentSpan, span), span }))
      )
    })
  return signIn as Authorize
}
