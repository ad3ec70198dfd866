/**
 * A time limit.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { firstOf } from "./firstOf.ts"
import { timeLimit } from "./timeLimit.ts"

/**
 * Runs an effect for a time at most, by Effect's `Clock`. An effect that takes longer is interrupted; when it has released
 * what it held, `ending` runs, and its result is the result.
 *
 * A limit that rings late lets an effect end whose answer has arrived: see {@link timeLimit}.
 *
 * Not `Effect.timeout` and its like: in Effect 3.22 an interrupt that arrives while they make their fibers is noticed only
 * when the time is over.
 */
export const endAfter = <A, E, R, A2, E2, R2>(
  effect: Effect.Effect<A, E, R>,
  duration: Duration.DurationInput,
  ending: Effect.Effect<A2, E2, R2>
): Effect.Effect<A | A2, E | E2, R | R2> =>
  firstOf<A | A2, E | E2, R | R2>([effect, Effect.zipRight(timeLimit(duration), ending)])
