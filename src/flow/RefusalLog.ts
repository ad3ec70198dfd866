/**
 * What one flow refused: counted whole, and the last 64 kept for whoever listens.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Refusal, RefusalCounts, RefusalReason } from "../core/Refusal.ts"

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
  readonly after: (seen: number) => Effect.Effect<Option.Option<readonly [ReadonlyArray<Refusal>, number]>>
}

const kept = 64

/** An empty log. */
export const make = (): RefusalLog => {
  const counts: { [Reason in RefusalReason]?: number } = {}
  const last: Array<Refusal> = []
  const waiting = new Set<() => void>()
  let total = 0
  let ended = false
  const wake = () => {
    for (const resume of Array.from(waiting)) resume()
  }
  /** Looks and goes to sleep in one step: between two, a refusal could come that nobody wakes for. */
  const news = (seen: number) =>
    Effect.async<void>((resume) => {
      if (total > seen || ended) return resume(Effect.void)
      const listener = () => {
        waiting.delete(listener)
        resume(Effect.void)
      }
      waiting.add(listener)
      return Effect.sync(() => waiting.delete(listener))
    })
  const after: RefusalLog["after"] = (seen) =>
    Effect.suspend(() => {
      const missing = Math.min(total - seen, last.length)
      if (missing > 0) return Effect.succeed(Option.some([last.slice(-missing), total] as const))
      return ended ? Effect.succeed(Option.none()) : Effect.zipRight(news(seen), after(seen))
    })
  return {
    add: (refusal) => {
      if (ended) return
      counts[refusal.reason] = (counts[refusal.reason] ?? 0) + 1
      total++
      last.push(refusal)
      if (last.length > kept) last.shift()
      wake()
    },
    counts: () => ({ ...counts }),
    end: () => {
      ended = true
      wake()
    },
    after
  }
}
