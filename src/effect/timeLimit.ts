/**
 * A time limit that does not overtake what has already arrived.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { eventLoopTurns, machineClock } from "./machineClock.ts"

/** A timer that is later than this, in milliseconds, is of a process that was stopped or blocked, and not only busy. */
const stoppedMillis = 50

/**
 * Turns of the event loop, each at least so many milliseconds long: enough to read, check and answer what lay in a socket or
 * in stdin, also where the host blocks the loop again after each of them. After a stop they last a second.
 */
const turns = (late: number) => late > stoppedMillis ? { count: 20, millis: 50 } : { count: 10, millis: 2 }

/**
 * Waits until the time is over, by Effect's `Clock`.
 *
 * A process that was stopped (^Z, a paused container, a laptop's sleep) or blocked by its host runs its timers first when
 * it goes on, and reads only then what arrived long before the deadline. So the event loop gets some more turns, for one
 * second where the limit rings late. How late it is, and these turns, are measured by the machine's clock.
 */
export const timeLimit = (limit: Duration.DurationInput): Effect.Effect<void> =>
  Effect.gen(function* () {
    const began = yield* machineClock.currentTimeMillis
    yield* Effect.sleep(limit)
    const late = (yield* machineClock.currentTimeMillis) - began - Duration.toMillis(limit)
    // Negative where Effect's clock is a test's.
    if (late < 0) return
    const { count, millis } = turns(late)
    yield* eventLoopTurns(count, millis)
  })
