/**
 * The race of one sign-in: the HTTP arm against the paste arm, from showing the URL until the time is over.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import { AuthorizationTimeout } from "../core/oauth/FlowError.ts"
import { firstOf } from "../effect/firstOf.ts"
import { timeLimit } from "../effect/timeLimit.ts"
import type { PasteReader } from "../paste/PasteReader.ts"
import type { Arrival, Inbox } from "./Inbox.ts"
import type { Notices, Shown } from "./Notices.ts"

/** What a race needs. */
export interface Race<R> {
  readonly inbox: Inbox
  readonly notices: Notices
  /** Undefined where the flow reads no pasted text. */
  readonly pasteReader: PasteReader | undefined
  readonly shown: Omit<Shown, "paste">
  readonly timeout: Duration.Duration
  readonly present: false | ((url: URL) => Effect.Effect<unknown, never, R>) | undefined
  readonly turn: Effect.Effect<void, never, Scope.Scope | R> | undefined
}

/** The HTTP arm: waits for the answer of a request, which the route completes. */
const requestedAnswer = ({ inbox }: Pick<Race<never>, "inbox">): Effect.Effect<Arrival> => Deferred.await(inbox.request)

/** The paste arm: takes pasted texts until one is the answer, and explains to the person what is wrong with the others. */
const pastedAnswer = ({ inbox, notices }: Pick<Race<never>, "inbox" | "notices">): Effect.Effect<Arrival> =>
  Effect.gen(function* () {
    for (;;) {
      const paste = yield* Queue.take(inbox.pastes)
      if (Either.isRight(paste)) return paste.right
      yield* notices.refused(paste.left)
    }
  })

/** Whether a person can paste; known once the reader is held. */
const canPaste = (reader: PasteReader | undefined) => reader?.available ?? Effect.succeed(false)

/** Shows the URL, and waits for what `present` has forked: it would be interrupted with the fiber that forked it. */
const show = <R>({ notices, pasteReader, present, shown, timeout }: Race<R>): Effect.Effect<void, never, R> =>
  Effect.gen(function* () {
    const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(timeout)
    if (present === undefined) yield* notices.show({ ...shown, paste: yield* canPaste(pasteReader) }, deadline)
    else if (present !== false) yield* Effect.awaitAllChildren(present(shown.url))
  })

/**
 * The timeout: fails when the time is over. It runs from showing the URL, at once or when the turn of this sign-in has
 * come, and goes on while the URL is being shown. A `present` that dies ends the wait.
 */
const showThenTimeOut = <R>(race: Race<R>): Effect.Effect<never, AuthorizationTimeout, R> =>
  Effect.gen(function* () {
    const { inbox, notices, pasteReader, present, shown, timeout, turn } = race
    if (turn !== undefined) {
      yield* notices.queue({ ...shown, paste: yield* canPaste(pasteReader) }, turn, present === undefined)
    }
    yield* Effect.fork(Effect.catchAllCause(show(race), (cause) => Deferred.failCause(inbox.request, cause)))
    yield* timeLimit(timeout)
    return yield* new AuthorizationTimeout({
      phase: "response",
      millis: Duration.toMillis(timeout),
      refusals: inbox.refusals.counts()
    })
  })

/** The first answer, by HTTP or by paste. The other arm has released what it held when this returns. */
export const firstAnswer = <R>(race: Race<R>): Effect.Effect<Arrival, AuthorizationTimeout, R> => {
  const { inbox, pasteReader } = race
  const answer = [requestedAnswer(race), pastedAnswer(race)]
  // An answer that came before this call is used at once: there is nothing left to show.
  if (inbox.isOver()) return firstOf(answer)
  const first = firstOf<Arrival, AuthorizationTimeout, R>([...answer, showThenTimeOut(race)])
  return pasteReader === undefined ?
    first :
    Effect.scopedWith((scope) => Effect.zipRight(Scope.extend(pasteReader.hold, scope), first))
}
