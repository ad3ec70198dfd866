/**
 * The last page of a sign-in: every browser that brought the answer waits for one outcome, and is told the same.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { Outcome } from "../core/page/CallbackPage.ts"
import { ReleaseBudget } from "../core/ReleaseBudget.ts"
import { atMost } from "../effect/atMost.ts"

/** The browsers that wait for one outcome. Plain calls, made by the listener as requests come in. */
export interface LastPage {
  /** Notes that a browser was sent to the last page, so that `close` waits for it to ask. */
  readonly expect: () => void
  /**
   * Writes the page when the outcome is known, at once when it is. The result removes the writer, when its client went
   * away.
   */
  readonly hold: (write: (outcome: Outcome) => void) => () => void
  /** Makes the outcome known. Only the first one counts. */
  readonly settle: (outcome: Outcome) => void
  /** Answers the pages that wait with neutral words, and all later ones until the outcome is known. */
  readonly answerNeutrally: () => void
  /** Settles as closed, then waits a moment for a browser that was sent to the last page and has not asked for it yet. */
  readonly close: Effect.Effect<void>
}

/** Nothing is known yet, and no browser waits. */
export const make = (): LastPage => {
  let hasFetched = false
  let fetched: Deferred.Deferred<void> | undefined
  let writers: ReadonlyArray<(outcome: Outcome) => void> = []
  let isExpected = false
  let isSettled = false
  /** What a page shows that asks now. Neutral words until the outcome is known, if a page waited too long. */
  let shown: Outcome | undefined

  const write = (outcome: Outcome) => {
    shown = outcome
    const waiting = writers
    writers = []
    for (const each of waiting) each(outcome)
  }
  const settle = (outcome: Outcome) => {
    if (isSettled) return
    isSettled = true
    write(outcome)
  }
  const hold: LastPage["hold"] = (write) => {
    const writeOnce = (outcome: Outcome) => {
      try {
        write(outcome)
      } catch {
        // One connection's trouble must not keep the outcome from the others.
      }
      hasFetched = true
      if (fetched !== undefined) Deferred.unsafeDone(fetched, Effect.void)
    }
    if (shown !== undefined) {
      writeOnce(shown)
      return () => {}
    }
    writers = [...writers, writeOnce]
    return () => {
      writers = writers.filter((each) => each !== writeOnce)
    }
  }
  return {
    expect: () => {
      isExpected = true
    },
    hold,
    settle,
    answerNeutrally: () => {
      if (!isSettled) write({ _tag: "Received" })
    },
    close: Effect.gen(function* () {
      settle({ _tag: "Closed" })
      if (!isExpected || hasFetched) return
      fetched = yield* Deferred.make<void>()
      yield* atMost(ReleaseBudget.lastPage, Deferred.await(fetched))
    })
  }
}
