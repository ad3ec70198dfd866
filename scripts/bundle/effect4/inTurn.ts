/**
 * Effect 4 runs a fiber within the call that resumes it. Effect 3 runs it after that call has returned, and the sources
 * count on that: a plain callback does the rest of its work first.
 */
import * as Effect from "effect4/Effect"

/** The same effect, one microtask later. */
export const inTurn = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.andThen(Effect.yieldNow, effect)
