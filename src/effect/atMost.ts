/**
 * Waiting for something that may never end, for a bounded time.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { firstOf } from "./firstOf.ts"

/**
 * Waits for an effect, for some milliseconds at most. An effect that takes longer is interrupted and left to itself: what
 * it still releases then, it releases without anything waiting for it.
 *
 * The milliseconds are the machine's, not those of Effect's `Clock`: this bounds a release, and a test's clock that stands
 * still must not delay one. It works where nothing can be interrupted, as in a finalizer, also of a fiber that was interrupted.
 */
export const atMost = (millis: number, effect: Effect.Effect<unknown>): Effect.Effect<void> =>
  // In a fiber of its own, because an interrupt reaches the children of a fiber even while that fiber cannot be
  // interrupted. The two effects can be interrupted here; the wait for them only where the caller can be.
  Effect.disconnect(
    firstOf([
      Effect.interruptible(Effect.asVoid(Effect.disconnect(effect))),
      Effect.interruptible(Effect.withClock(Effect.sleep(millis), Clock.make()))
    ])
  )
