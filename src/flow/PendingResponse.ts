/**
 * The heart of a flow: the first response with the right `state` is taken, once, whichever way it came, and every
 * browser that brought it waits for one outcome.
 *
 * Plain calls on plain data: both arms may call at any moment, and the first call wins.
 */
import * as Effect from "effect/Effect"
import type { Matched } from "../core/oauth/AuthorizationResponse.ts"
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
  /** Calls back with what `arrival` completes with; the result takes that back. */
  readonly onArrival: (resume: (arrival: Effect.Effect<Arrival>) => void) => () => void
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
  /** Calls back when the flow's scope closes, at once when it has; the result takes that back. */
  readonly onClose: (run: () => void) => () => void
  /** Ends everything: the wait, and what waits for the close. */
  readonly close: () => void
}

/** Something to come that anybody may wait for; a `Deferred` would be heavier, and a flow has two. */
class ToCome<A> {
  #came: Effect.Effect<A> | undefined = undefined
  #waiting: Set<(effect: Effect.Effect<A>) => void> | undefined = undefined
  on(resume: (effect: Effect.Effect<A>) => void): () => void {
    if (this.#came !== undefined) resume(this.#came)
    else (this.#waiting ??= new Set()).add(resume)
    return () => {
      this.#waiting?.delete(resume)
    }
  }
  get wait(): Effect.Effect<A> {
    return Effect.async((resume) => Effect.sync(this.on(resume)))
  }
  come(effect: Effect.Effect<A>): void {
    if (this.#came !== undefined) return
    this.#came = effect
    const waiting = this.#waiting
    this.#waiting = undefined
    for (const resume of waiting ?? []) resume(effect)
  }
}

// A class: a flow that waits holds fields, and not a function for each thing that may be done to it.
class Pending implements PendingResponse {
  readonly #arrival = new ToCome<Arrival>()
  readonly #closed = new ToCome<never>()
  #writers: Set<(outcome: Outcome) => void> | undefined = undefined
  #isOver = false
  #isSettled = false
  #isClosed = false
  #shown: Outcome | undefined = undefined
  get arrival(): Effect.Effect<Arrival> {
    return this.#arrival.wait
  }
  onArrival(resume: (arrival: Effect.Effect<Arrival>) => void): () => void {
    return this.#arrival.on(resume)
  }
  isOver(): boolean {
    return this.#isOver
  }
  isSettled(): boolean {
    return this.#isSettled
  }
  take(response: Matched, via: Via, characters?: number | undefined): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#arrival.come(Effect.succeed({ response, via, characters }))
    return true
  }
  onOutcome(write: (outcome: Outcome) => void): () => void {
    if (this.#shown !== undefined) {
      write(this.#shown)
      return () => {}
    }
    ;(this.#writers ??= new Set()).add(write)
    return () => {
      this.#writers?.delete(write)
    }
  }
  settle(outcome: Outcome): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#isOver = true
    this.#answerAll(outcome)
    this.#arrival.come(Effect.interrupt)
  }
  losePatience(): void {
    if (!this.#isSettled) this.#answerAll({ _tag: "Received" })
  }
  isClosed(): boolean {
    return this.#isClosed
  }
  onClose(run: () => void): () => void {
    return this.#closed.on(run)
  }
  close(): void {
    this.#isClosed = true
    this.settle({ _tag: "Closed" })
    this.#closed.come(Effect.interrupt)
  }
  #answerAll(outcome: Outcome): void {
    this.#shown = outcome
    const waiting = Array.from(this.#writers ?? [])
    this.#writers = undefined
    for (const write of waiting) {
      try {
        write(outcome)
      } catch {
        // One connection's trouble must not keep the outcome from the others.
      }
    }
  }
}

/** Nothing has arrived yet. */
export const make = (): PendingResponse => new Pending()
