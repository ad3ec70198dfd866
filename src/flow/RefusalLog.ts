/**
 * What one flow refused: counted whole, and the last 64 kept for whoever listens.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Refusal, RefusalCounts, RefusalReason } from "../core/oauth/Refusal.ts"

/** A record that is written by plain calls: a junk request costs no fiber. */
export interface RefusalLog {
  readonly add: (refusal: Refusal) => void
  readonly counts: () => RefusalCounts
  /** Ends every stream, now and later ones, after what is kept. */
  readonly end: () => void
  /**
   * What came after the first `seen`, of the last 64, with how many there were then; waits for the next one, and is none
   * when the log has ended. Begin with 0.
   */
  readonly after: (seen: number) => Effect.Effect<News>
}

/** Refusals, and how many there were with them; none when the log has ended. */
export type News = Option.Option<readonly [ReadonlyArray<Refusal>, number]>

const kept = 64

class Log implements RefusalLog {
  // Made when there is something to put in: most flows refuse nothing, and thousands may wait.
  #counts: { [Reason in RefusalReason]?: number } | undefined = undefined
  #last: Array<Refusal> | undefined = undefined
  #waiting: Set<() => void> | undefined = undefined
  #total = 0
  #ended = false
  add(refusal: Refusal): void {
    if (this.#ended) return
    const counts = this.#counts ??= {}
    const last = this.#last ??= []
    counts[refusal.reason] = (counts[refusal.reason] ?? 0) + 1
    this.#total++
    last.push(refusal)
    if (last.length > kept) last.shift()
    this.#wake()
  }
  counts(): RefusalCounts {
    return { ...this.#counts }
  }
  end(): void {
    this.#ended = true
    this.#wake()
  }
  after(seen: number): Effect.Effect<News> {
    return Effect.suspend(() => {
      const last = this.#last ?? []
      const missing = Math.min(this.#total - seen, last.length)
      if (missing > 0) return Effect.succeed(Option.some([last.slice(-missing), this.#total] as const))
      return this.#ended ? Effect.succeed(Option.none()) : Effect.zipRight(this.#news(seen), this.after(seen))
    })
  }
  /** Looks and goes to sleep in one step: between two, a refusal could come that nobody wakes for. */
  #news(seen: number): Effect.Effect<void> {
    return Effect.async((resume) => {
      if (this.#total > seen || this.#ended) return resume(Effect.void)
      const listener = () => {
        this.#waiting?.delete(listener)
        resume(Effect.void)
      }
      ;(this.#waiting ??= new Set()).add(listener)
      return Effect.sync(() => this.#waiting?.delete(listener))
    })
  }
  #wake(): void {
    for (const resume of Array.from(this.#waiting ?? [])) resume()
  }
}

/** An empty log. */
export const make = (): RefusalLog => new Log()
