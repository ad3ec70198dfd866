/**
 * The heart of a flow: the first response with the right `state` is taken, once, whichever way it came, and every
 * browser that brought it waits for one outcome.
 *
 * Plain calls on plain data: both arms may call at any moment, and the first call wins.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import type { Matched } from "../core/AuthorizationResponse.ts"
import type { Outcome } from "../core/page/CallbackPage.ts"

/** How a response reached the flow. */
export type Via = "http" | "paste"

/** The response that ended the wait. */
export interface Arrival {
  readonly response: Matched
  readonly via: Via
  /** Length of the pasted text that held it, where the person is to be told. */
  readonly characters?: number | undefined
}

/** A response to come, and the pages that wait for what becomes of it. */
export interface PendingResponse {
  /** Completes with the first response taken; interrupted when the flow ends without one. */
  readonly arrival: Effect.Effect<Arrival>
  /** Whether a response was taken, or none can be any more. */
  readonly isOver: () => boolean
  /** Whether the outcome is known. */
  readonly isSettled: () => boolean
  /** Takes a response; false when it came too late. */
  readonly take: (response: Matched, via: Via, characters?: number | undefined) => boolean
  /** Has a page written when the outcome is known; at once when it is. The result takes the writer back. */
  readonly onOutcome: (write: (outcome: Outcome) => void) => () => void
  /** Makes the outcome known. Only the first one counts. */
  readonly settle: (outcome: Outcome) => void
  /** Answers the pages that wait now with words that promise nothing, and all later ones until the outcome is known. */
  readonly losePatience: () => void
  /** Whether the flow's scope has closed. */
  readonly isClosed: () => boolean
  /** Interrupted when the flow's scope closes. */
  readonly closed: Effect.Effect<never>
  /** Ends everything: the wait, and what `closed` is raced with. */
  readonly close: () => void
}

/** Nothing has arrived yet. */
export const make = (): PendingResponse => {
  const arrival = Deferred.unsafeMake<Arrival>(FiberId.none)
  const closed = Deferred.unsafeMake<never>(FiberId.none)
  const writers = new Set<(outcome: Outcome) => void>()
  let over = false
  let settled = false
  let ended = false
  let shown: Outcome | undefined
  const answerAll = (outcome: Outcome) => {
    shown = outcome
    const waiting = Array.from(writers)
    writers.clear()
    for (const write of waiting) {
      try {
        write(outcome)
      } catch {
        // One connection's trouble must not keep the outcome from the others.
      }
    }
  }
  const settle = (outcome: Outcome) => {
    if (settled) return
    settled = true
    over = true
    answerAll(outcome)
    Deferred.unsafeDone(arrival, Effect.interrupt)
  }
  return {
    arrival: Deferred.await(arrival),
    isOver: () => over,
    isSettled: () => settled,
    take: (response, via, characters) => {
      if (over) return false
      over = true
      Deferred.unsafeDone(arrival, Effect.succeed({ response, via, characters }))
      return true
    },
    onOutcome: (write) => {
      if (shown !== undefined) {
        write(shown)
        return () => {}
      }
      writers.add(write)
      return () => {
        writers.delete(write)
      }
    },
    settle,
    losePatience: () => {
      if (!settled) answerAll({ _tag: "Received" })
    },
    isClosed: () => ended,
    closed: Deferred.await(closed),
    close: () => {
      ended = true
      settle({ _tag: "Closed" })
      Deferred.unsafeDone(closed, Effect.interrupt)
    }
  }
}
