/**
 * What one flow refused: counted in full, with the last 64 kept for readers.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import type * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Refusal, RefusalCounts, RefusalReason } from "../core/oauth/Refusal.ts"

/** A record of refusals. It is written by plain calls: a junk request costs no fiber. */
export interface Refusals {
  /** Records a refusal; ignored once the record has ended. */
  readonly add: (refusal: Refusal) => void
  /** How often each reason occurred so far. */
  readonly counts: () => RefusalCounts
  /** Ends every stream, also those that begin later, after what is kept. */
  readonly end: () => void
  /** Begins with the last 64, then gives each as it happens. A reader that falls behind by more misses the oldest. */
  readonly stream: Stream.Stream<Refusal>
}

const maxKept = 64

/** An empty record. */
export const make = (): Refusals => {
  const counts: { [Reason in RefusalReason]?: number } = {}
  let last: ReadonlyArray<Refusal> = []
  let total = 0
  let hasEnded = false
  /** Completed by the next refusal, or by the end; made for the first reader that waits. */
  let change: Deferred.Deferred<void> | undefined

  const changed = () => {
    if (change !== undefined) Deferred.unsafeDone(change, Effect.void)
    change = undefined
  }

  /** What came after the first `seen`, as far as it is kept, and how many there were then. Waits where there is nothing. */
  const after = (
    seen: number
  ): Effect.Effect<Option.Option<readonly [ReadonlyArray<Refusal>, number]>> =>
    Effect.suspend(() => {
      const missed = Math.min(total - seen, last.length)
      if (missed > 0) return Effect.succeedSome([last.slice(-missed), total] as const)
      if (hasEnded) return Effect.succeedNone
      // Looked and registered in one step, so that no change comes in between.
      change ??= Deferred.unsafeMake<void>(FiberId.none)
      return Effect.zipRight(Deferred.await(change), after(seen))
    })

  return {
    add: (refusal) => {
      if (hasEnded) return
      counts[refusal.reason] = (counts[refusal.reason] ?? 0) + 1
      total++
      last = [...last.slice(1 - maxKept), refusal]
      changed()
    },
    counts: () => ({ ...counts }),
    end: () => {
      hasEnded = true
      changed()
    },
    stream: Stream.suspend(() => Stream.flattenIterables(Stream.unfoldEffect(0, after)))
  }
}
