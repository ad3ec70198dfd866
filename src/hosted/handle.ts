/**
 * Answers a request to the redirect URI, on any machine.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { hostedReasons } from "../core/hosted/RefusalWords.ts"
import * as PendingSignIn from "../core/hosted/PendingSignIn.ts"
import type { Answer } from "../core/oauth/Answer.ts"
import type { Matched } from "../core/oauth/AuthorizationResponse.ts"
import * as CallbackRoute from "../core/oauth/CallbackRoute.ts"
import * as CrossOrigin from "../core/oauth/CrossOrigin.ts"
import type { RequestHead } from "../core/oauth/RequestHead.ts"
import type { Outcome } from "../core/page/CallbackPage.ts"
import { abandonable } from "../effect/abandonable.ts"
import { endAfter } from "../effect/endAfter.ts"
import * as FlowMetrics from "../metrics/flowMetrics.ts"
import * as Spending from "../mcp/Spending.ts"
import type { PendingStoreError } from "../services/PendingStore.ts"
import * as BrowserCookie from "./BrowserCookie.ts"
import { finish, pageOutcome } from "./finish.ts"
import type { HostedOutcome } from "./HostedOptions.ts"
import * as LastPage from "./LastPage.ts"
import * as Sealed from "./Sealed.ts"
import type { Settings } from "./Settings.ts"
import { bodyOf, headOf, responseOf } from "./webRequest.ts"

/** How long it is remembered that an answer came: while its code is exchanged, and as long as its page is kept. */
const answeredFor = (settings: Settings): Duration.Duration =>
  Duration.sum(Spending.limit(settings), Duration.sum(Duration.minutes(1), LastPage.kept))

/** How long a browser waits for the outcome before it is sent to the last page without. */
const longestWait = Duration.seconds(10)

/** Milliseconds between looks for the outcome: while the sign-in is taken at the latest, and while its code is exchanged. */
const whileTaken = [50, 100, 200, 400, 800]
const whileExchanged = [1600, 3200, 3200]

/** How long a browser waits for its answer, with a body that is slow, and a store. */
const longestAnswer = Duration.seconds(45)

/** Milliseconds between looks for a page, which is not in the store while another request reads it. */
const whileRead = [20, 50, 100]

/** One request. */
interface Arrival {
  readonly settings: Settings
  readonly head: RequestHead
}

const show = ({ head, settings }: Arrival, outcome: Outcome, serverName?: string): Answer =>
  settings.render(outcome, { serverName, acceptLanguage: head.header("accept-language") })

const tell = ({ onOutcome }: Settings, outcome: HostedOutcome): Effect.Effect<void> =>
  Effect.asVoid(Effect.forkDaemon(Effect.catchAllCause(Effect.suspend(() => onOutcome(outcome)), () => Effect.void)))

/** A request that answers no sign-in that waits here. */
const refuse = (arrival: Arrival, { answer, page, reason }: CallbackRoute.Refused): Effect.Effect<Answer> => {
  FlowMetrics.refused({ via: "http", reason })
  const told = tell(arrival.settings, { _tag: "Refused", reason })
  if (page === undefined) return Effect.as(told, { ...answer, body: `${hostedReasons[reason]}.\n` })
  const shown = show(arrival, { _tag: "Refused", reason: page })
  const { allow } = answer.headers
  const headers = allow === undefined ? shown.headers : { ...shown.headers, allow }
  return Effect.as(told, { ...shown, status: answer.status, headers })
}

/** A `state` of no sign-in that waits (any more), or of one that is bound to another browser. */
const unknownState = (arrival: Arrival, origin: string | undefined): Effect.Effect<Answer> => {
  const answer = CallbackRoute.refusal("StateMismatch")
  return refuse(
    arrival,
    origin === undefined
      ? { _tag: "Refused", reason: "StateMismatch", answer, page: "StateMismatch" }
      : { _tag: "Refused", reason: "StateMismatch", answer: CrossOrigin.readableBy(origin, answer) }
  )
}

/** Takes the sign-in that waits out of the store: of several requests one gets it. */
const takePending = (
  { pending }: Settings,
  secret: Sealed.Secret
): Effect.Effect<PendingSignIn.PendingSignIn | undefined, PendingStoreError> =>
  Effect.gen(function* () {
    const sealed = Option.getOrUndefined(yield* pending.take(yield* Sealed.nameOf("pending", secret)))
    if (sealed === undefined) return undefined
    const text = yield* Sealed.open("pending", secret, sealed)
    const waiting = Option.isSome(text) ? PendingSignIn.decode(text.value) : undefined
    return waiting !== undefined && (yield* Clock.currentTimeMillis) < waiting.expiresAt ? waiting : undefined
  })

/** Finishes a sign-in that was taken, and keeps its page. It goes on when the browser goes away. */
const settle = (
  settings: Settings,
  pending: PendingSignIn.PendingSignIn,
  response: Matched,
  page: string
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { key: { account = "", serverUrl }, serverName } = pending
    const error = yield* finish(settings, pending, response)
    const outcome = pageOutcome(error)
    yield* FlowMetrics.signInEnded(outcome._tag, "http")
    yield* tell(
      settings,
      error === undefined ? { _tag: "SignedIn", account, serverUrl } : { _tag: "Failed", account, serverUrl, error }
    )
    yield* Effect.catchAll(
      LastPage.keep(settings, page, outcome, serverName),
      (failed) => tell(settings, { _tag: "StoreFailed", error: failed })
    )
  })

/** The outcome that is kept; nothing where the store fails, which says nothing of the sign-in. */
const outcomeOf = (settings: Settings, name: string, pauses: ReadonlyArray<number>) =>
  Effect.catchAll(
    LastPage.find(settings, name, pauses),
    (error) => Effect.as(tell(settings, { _tag: "StoreFailed", error }), undefined)
  )

/** An answer with a `state` of the right form. */
const answered = (
  arrival: Arrival,
  state: Sealed.Secret,
  { origin, response }: CallbackRoute.Decision & { readonly _tag: "Matched" }
): Effect.Effect<Answer, PendingStoreError> =>
  Effect.gen(function* () {
    const { head, settings } = arrival
    const secret = yield* BrowserCookie.secretOf(head, state, settings)
    const page = yield* LastPage.nameOf(secret)
    const mark = yield* Sealed.nameOf("answered", secret)
    const arrived = origin === undefined ? CallbackRoute.redirectToDone(page, true) : CrossOrigin.delivered(origin)
    // The mark comes first: another request with the same answer finds it, and waits for the outcome of this one. A store that
    // has no room for the mark may have the sign-in all the same, and has room again when that is taken.
    const isFirst = yield* Effect.orElseSucceed(
      settings.pending.putIfAbsent(mark, Redacted.make("1"), answeredFor(settings)),
      () => true
    )
    if (!isFirst && (yield* outcomeOf(settings, page, whileTaken)) !== undefined) return arrived
    // The process that left the mark may have ended before it took the sign-in, which then still waits.
    const unmark = isFirst ? Effect.ignore(settings.pending.take(mark)) : Effect.void
    const taking = takePending(settings, secret)
    const ended = yield* Deferred.make<void>()
    const isTaken = yield* Effect.uninterruptible(
      Effect.flatMap(
        isFirst ? Effect.tapError(taking, () => unmark) : Effect.catchAll(taking, () => Effect.succeed(undefined)),
        (pending) =>
          pending === undefined ? Effect.as(unmark, false) : Effect.as(
            Effect.forkDaemon(Effect.ensuring(
              Effect.interruptible(settle(settings, pending, response, page)),
              Deferred.succeed(ended, undefined)
            )),
            true
          )
      )
    )
    if (!isTaken && isFirst) return yield* unknownState(arrival, origin)
    yield* isTaken
      ? endAfter(Deferred.await(ended), longestWait, Effect.void)
      : outcomeOf(settings, page, whileExchanged)
    return arrived
  })

/** The last page. Where nothing is kept (any more), or the exchange takes long, its words are neutral. */
const lastPage = (arrival: Arrival, name: string): Effect.Effect<Answer> =>
  Effect.map(
    outcomeOf(arrival.settings, name, whileRead),
    (page) => show(arrival, page?.outcome ?? { _tag: "Received" }, page?.serverName)
  )

const isState = (text: string | undefined): text is string => text !== undefined && /^[\da-f]{64}$/.test(text)

const respond = (arrival: Arrival, request: Request, body?: string): Effect.Effect<Answer, PendingStoreError> =>
  Effect.suspend(() => {
    const { head, settings } = arrival
    const claimed = CallbackRoute.claimedState(head, body)
    const done = CallbackRoute.claimedDone(head)
    // The route compares with what the request claims; whether it is known is asked of the store, after all other checks.
    const state = isState(claimed) ? Redacted.make(claimed) : settings.route.state
    const config = { ...settings.route, state, done: LastPage.isName(done) ? done : "-" }
    const decision = CallbackRoute.decide(config, head, body)
    switch (decision._tag) {
      case "ReadBody":
        return Effect.flatMap(
          bodyOf(request, decision.limit),
          (read) =>
            "text" in read ? respond(arrival, request, read.text) : refuse(arrival, {
              _tag: "Refused",
              reason: read.refused,
              answer: CallbackRoute.refusal(read.refused)
            })
        )
      case "Preflight":
        return Effect.succeed(decision.answer)
      case "Refused":
        return refuse(arrival, decision)
      case "Done":
        return lastPage(arrival, done ?? "")
      case "Matched":
        return answered(arrival, state, decision)
    }
  })

/** See `HostedSignIn.handle`. */
export const handle = (settings: Settings, request: Request): Effect.Effect<Response> =>
  Effect.suspend(() => {
    const arrival: Arrival = { settings, head: headOf(request) }
    const answer = Effect.catchAll(
      respond(arrival, request),
      (error) => Effect.as(tell(settings, { _tag: "StoreFailed", error }), show(arrival, { _tag: "Failed" }))
    )
    // A store that hangs may still give the sign-in, which is finished then.
    return endAfter(abandonable(answer), longestAnswer, Effect.sync(() => show(arrival, { _tag: "Received" })))
  }).pipe(Effect.map(responseOf), Effect.withSpan("HostedSignIn.handle", { captureStackTrace: false }))
