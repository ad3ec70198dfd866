/**
 * One sign-in: the person is sent away, the first answer is checked, and its code is exchanged.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { AlreadyUsed } from "../core/oauth/AlreadyUsed.ts"
import * as AuthorizationResponse from "../core/oauth/AuthorizationResponse.ts"
import * as AuthorizationUrl from "../core/oauth/AuthorizationUrl.ts"
import type { FlowError } from "../core/oauth/FlowError.ts"
import * as FlowMetrics from "../metrics/flowMetrics.ts"
import type { PasteReader } from "../paste/PasteReader.ts"
import type { Presenter } from "../services/Presenter.ts"
import type { Authorize, AuthorizeRequest, ExchangeRequest, Granted } from "./AuthorizeRequest.ts"
import { exchange } from "./exchange.ts"
import { firstAnswer } from "./firstAnswer.ts"
import type { Inbox } from "./Inbox.ts"
import type { Listener } from "./listen.ts"
import * as Notices from "./Notices.ts"
import { pageOutcome, type Phase, signInOutcome } from "./outcome.ts"

/** An open flow, as far as `authorize` needs it. */
export interface Flow extends Listener {
  readonly state: Redacted.Redacted<string>
  readonly inbox: Inbox
  readonly presenter: Presenter
  /** Undefined when the flow was opened without paste. */
  readonly pasteReader: PasteReader | undefined
}

type AnyRequest<A, E, R> = AuthorizeRequest<R, R> & Partial<ExchangeRequest<A, E, R, R, R>>

/** Waits for the answer, checks it, and exchanges its code where that is asked for. */
const signIn = <A, E, R>(
  flow: Flow,
  url: URL,
  request: AnyRequest<A, E, R>
): Effect.Effect<A | Granted, E | FlowError, R> => {
  const { forwarded, inbox, listening, presenter, redirectUri } = flow
  const serverName = request.serverName ?? url.host
  let phase: Phase = "response"
  let answeredVia: Granted["via"] | "none" = "none"
  return Effect.flatMap(Notices.make(presenter, serverName), (notices) =>
    Effect.gen(function* () {
      const timeout = Duration.decode(request.timeout ?? "5 minutes")
      inbox.begin(serverName, notices.isKnown)
      const { characters, response, via } = yield* firstAnswer({
        ...flow,
        notices,
        timeout,
        shown: { url, serverName, redirectUri, listening, forwarded },
        present: request.present,
        turn: request.turn
      })
      answeredVia = via
      if (characters !== undefined) yield* notices.pasteAccepted(characters)
      const granted: Granted = { ...(yield* AuthorizationResponse.check(response, request)), via }
      yield* Effect.logDebug(`Answer accepted by ${via}`)
      if (request.exchange === undefined) return granted
      phase = "exchange"
      return yield* exchange(inbox, granted, { ...request, exchange: request.exchange })
    }).pipe(
      // Interruptible even if the caller is not: otherwise the losing arm could not be interrupted.
      Effect.interruptible,
      Effect.onExit((exit) => {
        inbox.settle(pageOutcome(exit, phase, request.describe))
        const outcome = signInOutcome(exit, phase)
        return Effect.zipRight(FlowMetrics.signInEnded(outcome, answeredVia), notices.end(outcome, exit))
      }),
      FlowMetrics.timed
    ))
}

/** `authorize` of one flow. */
export const authorize = (flow: Flow): Authorize => {
  let isUsed = false
  const begin = (request: Pick<AuthorizeRequest, "url">) =>
    Effect.gen(function* () {
      const url = yield* AuthorizationUrl.check(request.url, flow)
      if (flow.inbox.isClosed()) return yield* Effect.interrupt
      if (isUsed) return yield* Effect.die(new AlreadyUsed())
      isUsed = true
      return url
    })
  const authorize = <A, E, R>(request: AnyRequest<A, E, R>): Effect.Effect<A | Granted, E | FlowError, R> =>
    Effect.flatMap(begin(request), (url) => signIn(flow, url, request)).pipe(
      Effect.withSpan("CallbackFlow.authorize", { captureStackTrace: false })
    )
  return authorize as Authorize
}
