/**
 * The callback flow: a scoped resource that binds its server first, lets an HTTP request and pasted texts race for the
 * answer, and releases everything with its scope.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { BindError } from "../core/oauth/BindError.ts"
import type { PasteRefused, Refusal } from "../core/oauth/Refusal.ts"
import * as CallbackPage from "../core/page/CallbackPage.ts"
import { allOrNothing } from "../effect/allOrNothing.ts"
import { PasteInput, readerOf } from "../paste/PasteInput.ts"
import type { CallbackServer } from "../services/CallbackServer.ts"
import { Presenter } from "../services/Presenter.ts"
import { authorize } from "./authorize.ts"
import type { Authorize } from "./AuthorizeRequest.ts"
import * as Inbox from "./Inbox.ts"
import { listen } from "./listen.ts"
import { type OpenOptions, settings } from "./OpenOptions.ts"
import { randomHex } from "./randomHex.ts"
import { styleHash } from "./styleHash.ts"

/**
 * An open flow: already listening, for one sign-in.
 *
 * @since 0.1.0
 * @category models
 */
export interface CallbackFlow {
  /** Goes into the authorization request and the registration, to the letter. Already listening when you read it. */
  readonly redirectUri: string
  /** False when every port was taken and `onPortBusy` is `"paste"`. */
  readonly listening: boolean
  /**
   * Goes into the authorization request (RFC 6749 section 10.12): 256 random bits as 64 lower-case hexadecimal digits.
   */
  readonly state: Redacted.Redacted<string>
  /**
   * Sends the person to `url` and waits for the answer: the first right response, by HTTP or by paste, ends the wait.
   *
   * With `exchange` the code is exchanged within the flow, and the browser's page waits to tell the truth. Works once
   * per flow; a second call is a defect. Closing the flow's scope interrupts it.
   *
   * Fails with
   * - `InvalidAuthorizationUrl` when the URL cannot bring its answer here; nothing was shown, and it can be called again;
   * - `AuthorizationDenied` when the server answers with an error (RFC 6749 section 4.1.2.1);
   * - `InvalidResponse` when the answer has our `state` and cannot be used (RFC 6749 section 4.1.2, RFC 9207);
   * - `AuthorizationTimeout` when no answer came within `timeout`, or `exchange` took longer than `exchangeTimeout`;
   * - whatever `exchange` fails with.
   */
  readonly authorize: Authorize
  /**
   * Takes text from a host's own input box. Fails with {@link PasteRefused}, whose message tells the person what to
   * paste instead; the wait goes on.
   */
  readonly submit: (text: string) => Effect.Effect<void, PasteRefused>
  /**
   * What was refused: the last 64 refusals, then each as it happens. A slow reader misses the oldest. Ends with the flow.
   */
  readonly refusals: Stream.Stream<Refusal>
}

/** What opening a flow needs. */
type Services = CallbackServer | PasteInput | Presenter

/** On release, in this order: pasted texts stop coming, waiting pages are answered, the server drains. */
const acquire = <R>(options: OpenOptions<R>): Effect.Effect<CallbackFlow, BindError, R | Scope.Scope | Services> =>
  Effect.gen(function* () {
    const callback = yield* settings(options)
    const pasteReader = options.paste === false ? undefined : readerOf(yield* PasteInput)
    const presenter = yield* Presenter
    const state = Redacted.make(yield* randomHex(32))
    const style = options.page?.style
    const inbox = yield* Inbox.make({
      state,
      done: yield* randomHex(16),
      render: CallbackPage.make(options.page, style === undefined ? undefined : yield* styleHash(style))
    })
    const listener = yield* listen(options, callback, inbox)
    yield* Scope.addFinalizer(yield* Effect.scope, inbox.close)
    if (pasteReader !== undefined) yield* pasteReader.register(inbox.waitingFlow)
    const { listening, redirectUri } = listener
    yield* Effect.logDebug(`Waiting for ${listening ? redirectUri : `a paste of ${redirectUri}`}`)
    return {
      redirectUri,
      listening,
      state,
      authorize: authorize({ ...listener, state, inbox, presenter, pasteReader }),
      submit: inbox.submit,
      refusals: inbox.refusals.stream
    }
  }).pipe(Effect.withSpan("CallbackFlow.open", { captureStackTrace: false }))

const open = <R>(
  options: OpenOptions<R> = {}
): Effect.Effect<CallbackFlow, BindError, R | Scope.Scope | Services> => allOrNothing(acquire(options))

type Use<A, E, R> = (flow: CallbackFlow) => Effect.Effect<A, E, R>

const run = <A, E, R, R2 = never>(
  ...[first, second]: [use: Use<A, E, R>] | [options: OpenOptions<R2>, use: Use<A, E, R>]
): Effect.Effect<A, E | BindError, Exclude<R | R2, Scope.Scope> | Services> =>
  typeof first === "function"
    ? Effect.scoped(Effect.flatMap(acquire({}), first))
    : Effect.scoped(Effect.flatMap(acquire(first), second!))

/**
 * Opens flows.
 *
 * @since 0.1.0
 * @category constructors
 */
export const CallbackFlow: {
  /**
   * Binds the listener and returns the flow; it lives until the scope closes, and then leaves no socket, timer, fiber or
   * hold on stdin, within one second.
   *
   * Fails with {@link BindError}: no port could be had, or the options cannot work.
   *
   * @example
   * ```ts
   * import { Effect } from "effect"
   * import { CallbackFlow } from "effect-oauth-callback"
   *
   * const address = Effect.gen(function* () {
   *   const flow = yield* CallbackFlow.open({ port: [8976, 8977, 0] })
   *   return flow.redirectUri
   * })
   * ```
   */
  readonly open: {
    <R = never>(
      options: OpenOptions<R>
    ): Effect.Effect<CallbackFlow, BindError, CallbackServer | PasteInput | Presenter | R | Scope.Scope>
    (
      options?: OpenOptions
    ): Effect.Effect<CallbackFlow, BindError, CallbackServer | PasteInput | Presenter | Scope.Scope>
  }
  /**
   * Opens a flow, runs your effect with it (register, make a proof key, `authorize` …) and releases it. Options come first,
   * where there are any.
   *
   * @example
   * ```ts
   * import { Redacted } from "effect"
   * import { CallbackFlow } from "effect-oauth-callback"
   *
   * const signIn = (authorizationEndpoint: string, clientId: string) =>
   *   CallbackFlow.run((flow) =>
   *     flow.authorize({
   *       url: `${authorizationEndpoint}?${new URLSearchParams({
   *         response_type: "code",
   *         client_id: clientId,
   *         redirect_uri: flow.redirectUri,
   *         state: Redacted.value(flow.state)
   *       })}`
   *     })
   *   )
   * ```
   */
  readonly run: {
    <A, E, R>(
      use: (flow: CallbackFlow) => Effect.Effect<A, E, R>
    ): Effect.Effect<A, E | BindError, Exclude<R, Scope.Scope> | CallbackServer | PasteInput | Presenter>
    <A, E, R, R2 = never>(
      options: OpenOptions<R2>,
      use: (flow: CallbackFlow) => Effect.Effect<A, E, R>
    ): Effect.Effect<A, E | BindError, Exclude<R | R2, Scope.Scope> | CallbackServer | PasteInput | Presenter>
  }
} = { open, run }
