/**
 * Time by the machine's clock, which a test's clock does not replace.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** The clock of the machine. */
export const machineClock: Clock.Clock = Clock.make()

/** Sleeps by the clock of the machine. */
export const machineSleep = (duration: Duration.DurationInput): Effect.Effect<void> =>
  machineClock.sleep(Duration.decode(duration))

/** Lets the event loop turn so many times, each at least so many milliseconds long, so that what has arrived is read. */
export const eventLoopTurns = (count: number, millis: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let turn = 0; turn < count; turn++) yield* machineSleep(millis)
  })
