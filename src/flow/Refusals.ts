/**
 * What one flow refused: counted in full, with the last 64 kept for readers.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Mailbox from "effect/Mailbox"
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

const capacity = 64

/** An empty record. */
export const make = (): Refusals => {
  const counts: { [Reason in RefusalReason]?: number } = {}
  let readers: ReadonlyArray<Mailbox.Mailbox<Refusal>> = []
  let last: ReadonlyArray<Refusal> = []
  let hasEnded = false
  const reader = () =>
    Effect.acquireRelease(
      Effect.tap(Mailbox.make<Refusal>({ capacity, strategy: "sliding" }), (mailbox) =>
        Effect.sync(() => {
          mailbox.unsafeOfferAll(last)
          if (hasEnded) mailbox.unsafeDone(Exit.void)
          else readers = [...readers, mailbox]
        })),
      (mailbox) =>
        Effect.sync(() => {
          readers = readers.filter((each) => each !== mailbox)
        })
    )
  return {
    add: (refusal) => {
      if (hasEnded) return
      counts[refusal.reason] = (counts[refusal.reason] ?? 0) + 1
      last = [...last.slice(1 - capacity), refusal]
      for (const mailbox of readers) mailbox.unsafeOffer(refusal)
    },
    counts: () => ({ ...counts }),
    end: () => {
      hasEnded = true
      for (const mailbox of readers) mailbox.unsafeDone(Exit.void)
      readers = []
    },
    get stream() {
      return Stream.unwrapScoped(Effect.map(reader(), Mailbox.toStream))
    }
  }
}
