/**
 * A time limit that does not overtake what has already arrived.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

// A timer of a busy process rings some milliseconds late, too; waiting longer then does no harm.
const onTime = 50

const machine = Clock.make()

/** Milliseconds: enough to read, check and answer what lay in a socket or in stdin. */
const grace = 1000

/**
 * Waits until the time is over, by Effect's `Clock`.
 *
 * A process that was stopped (^Z, a paused container, a laptop's sleep) or blocked by its host runs its timers first when
 * it goes on, and reads only then what arrived long before the deadline. So a limit that rings late waits for one second
 * more. How late it is, and that second, are measured by the machine's clock.
 */
export const timeLimit = (limit: Duration.DurationInput): Effect.Effect<void> =>
  Effect.gen(function* () {
    const began = yield* machine.currentTimeMillis
    yield* Effect.sleep(limit)
    const late = (yield* machine.currentTimeMillis) - began - Duration.toMillis(limit)
    if (late > onTime) yield* Effect.withClock(Effect.sleep(grace), machine)
  })
