/**
 * Opening a flow: the listener is bound first, the paste is the other way in, and a scope gives everything back.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { base64url } from "../core/oauth/Base64Url.ts"
import { type BindError, isPortTaken } from "../core/oauth/BindError.ts"
import * as CallbackPage from "../core/page/CallbackPage.ts"
import type * as RedirectUri from "../core/oauth/RedirectUri.ts"
import type { PasteRefused } from "../core/oauth/Refusal.ts"
import { acquire as scoped } from "../services/acquire.ts"
import { type Bound, CallbackServer, type Listening, openOn, type Restore } from "../services/CallbackServer.ts"
import { PasteInput } from "../services/PasteInput.ts"
import { withRouting } from "../paste/PasteReader.ts"
import { Presenter } from "../services/Presenter.ts"
import { type Delay, delayOf, hasTracer, logsDebug } from "./Ambient.ts"
import { type Authorize, authorize } from "./authorize.ts"
import { accepted, type Parts, redirectUriOf } from "./FlowAddress.ts"
import * as FlowChannels from "./FlowChannels.ts"
import { endWith, inTurn } from "./inTurn.ts"
import { invalid, type OpenOptions, settings } from "./OpenOptions.ts"
import type { RefusalLog } from "./RefusalLog.ts"
import { randomBytes } from "./randomBytes.ts"
import { styleHash } from "./styleHash.ts"
import { tellOnce } from "./Teller.ts"

/** An open flow: already listening, for one sign-in. A stream would cost more than all the rest of it. */
export interface OpenFlow {
  /** Goes into the authorization request and the registration, to the letter. Already listening when you read it. */
  readonly redirectUri: string
  /** False when every port was taken and `onPortBusy` is `"paste"`. */
  readonly listening: boolean
  /** Goes into the authorization request: 256 random bits, base64url (RFC 6749 section 10.12). */
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
  /** What was refused. */
  readonly refusals: RefusalLog
}

/** What opening a flow needs. */
export type Services = CallbackServer | PasteInput | Presenter

const nobody: Listening = { port: 0, close: () => Effect.void }

/** What the fiber that opens a flow has. */
interface Around {
  readonly context: Context.Context<Services>
  readonly delay: Delay
  readonly logs: boolean
  readonly restore: Restore
}

/** A flow, and what gives back everything it has. */
export interface Acquired<F> {
  readonly flow: F
  readonly release: (exit: Exit.Exit<unknown, unknown>) => Effect.Effect<void>
}

/** Nothing interrupts it: what is open has an owner at every moment. What may take long, may be given up. */
const acquireWith = <F>(
  options: OpenOptions,
  as: (flow: OpenFlow) => F,
  { context, delay, logs, restore }: Around,
  callback: RedirectUri.Callback,
  hash: string | undefined
): Effect.Effect<Acquired<F>, BindError> => {
  const presenter = Context.get(context, Presenter)
  const paste = options.paste === false ? undefined : withRouting(Context.get(context, PasteInput))
  const random = randomBytes(48)
  const state = Redacted.make(base64url(random.subarray(0, 32)))
  const done = base64url(random.subarray(32))
  const channels = FlowChannels.make({ state, delay, done, render: CallbackPage.make(options.page, hash) })

  let address: Either.Either<readonly [string, Parts], string> = Either.left("the server did not ask for a route")
  let forwarded = options.redirectUri !== undefined
  const serve = (bound: Bound) => {
    forwarded ||= bound.redirectUri !== undefined
    address = redirectUriOf(options, callback, bound)
    return channels.route({
      ...(Either.isRight(address)
        ? accepted(callback, bound, address.right[1])
        : { paths: new Set(), hosts: new Set(), beside: false }),
      formPost: options.responseMode === "form_post"
    })
  }

  const listened = ({ close }: Listening, busy: BindError | undefined): Effect.Effect<Acquired<F>, BindError> => {
    // The pages get their last words, then the server drains.
    let release: Acquired<F>["release"] = (exit) => inTurn(channels.close, close(exit))
    if (Either.isLeft(address)) {
      const exit = Exit.fail(invalid(options, address.left))
      return endWith(release(exit), exit)
    }
    const [redirectUri] = address.right
    const listening = busy === undefined
    const acquired = (): Acquired<F> => ({
      release,
      flow: as({
        redirectUri,
        listening,
        state,
        authorize: authorize({ channels, presenter, redirectUri, listening, forwarded, state, paste }),
        submit: (text: string) => channels.submit(text),
        refusals: channels.refusals
      })
    })
    if (paste === undefined && busy === undefined && !logs) return Effect.succeed(acquired())
    const rest = Effect.gen(function* () {
      if (busy !== undefined) yield* tellOnce(presenter, { _tag: "PasteOnly", error: busy, redirectUri })
      if (paste !== undefined) {
        const [forget, closed] = [yield* paste.register(channels.waitingFlow), release]
        release = (exit) => inTurn(forget, closed(exit))
      }
      if (logs) yield* Effect.logDebug(`Waiting for ${listening ? redirectUri : `a paste of ${redirectUri}`}`)
      return acquired()
    })
    return Effect.catchAllCause(rest, (cause) => endWith(release(Exit.failCause(cause)), Exit.failCause(cause)))
  }

  const listen = openOn(Context.get(context, CallbackServer))(callback, serve, restore)
  // Without a listener only a port that was asked for by number can stand in the redirect URI.
  const named = options.onPortBusy === "paste" ? callback.ports.find((port) => port !== 0) : undefined
  if (named === undefined) return Effect.flatMap(listen, (listening) => listened(listening, undefined))
  return Effect.matchEffect(listen, {
    onSuccess: (listening) => listened(listening, undefined),
    onFailure: (error) => {
      if (!isPortTaken(error.reason)) return Effect.fail(error)
      serve({ port: named })
      return listened(nobody, error)
    }
  })
}

const acquire = <F>(
  options: OpenOptions,
  as: (flow: OpenFlow) => F,
  around: Around
): Effect.Effect<Acquired<F>, BindError> => {
  const callback = settings(options)
  if (Either.isLeft(callback)) return Effect.fail(callback.left)
  const style = options.page?.style
  return style === undefined
    ? acquireWith(options, as, around, callback.right, undefined)
    : Effect.flatMap(styleHash(style), (hash) => acquireWith(options, as, around, callback.right, hash))
}

/**
 * Opens a flow; to be run where nothing interrupts before its release is known, but what is restored.
 *
 * @param as - What the caller makes of it.
 */
export const acquireFlow = <F>(
  options: OpenOptions,
  as: (flow: OpenFlow) => F,
  restore: Restore
): Effect.Effect<Acquired<F>, BindError, Services> =>
  Effect.withFiberRuntime((fiber, status) => {
    const acquired = acquire(options, as, {
      context: fiber.currentContext as Context.Context<Services>,
      delay: delayOf(fiber, status),
      logs: logsDebug(fiber),
      restore
    })
    return hasTracer(fiber)
      ? acquired.pipe(Effect.withSpan("CallbackFlow.open", { captureStackTrace: false }))
      : acquired
  })

/** Opens a flow for as long as the scope is; see `CallbackFlow.open`. */
export const openFlowAs = <F>(
  options: OpenOptions,
  as: (flow: OpenFlow) => F
): Effect.Effect<F, BindError, Scope.Scope | Services> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.map(scoped(acquireFlow(options, as, restore), ({ release }, exit) => release(exit)), ({ flow }) => flow)
  )

/** The same, as it is. */
export const openFlow = (options: OpenOptions): Effect.Effect<OpenFlow, BindError, Scope.Scope | Services> =>
  openFlowAs(options, identity)
