/**
 * Waiting for something that may never end, for a bounded time.
 */
import * as Effect from "effect/Effect"
import { firstOf } from "./firstOf.ts"
import { eventLoopTurns, machineClock, machineSleep } from "./machineClock.ts"

/** A timer that is later than this, in milliseconds, is of a process that was stopped or blocked. */
const blockedMillis = 20

/** As in `timeLimit` a limit that rings late lets be read what has arrived before; for some milliseconds, as in a release. */
const limit = (millis: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    const began = yield* machineClock.currentTimeMillis
    yield* machineSleep(millis)
    const late = (yield* machineClock.currentTimeMillis) - began - millis
    if (late > blockedMillis) yield* eventLoopTurns(10, 2)
  })

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
      Effect.interruptible(limit(millis))
    ])
  )
