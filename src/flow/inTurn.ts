/**
 * Releases that all run, whatever becomes of those before, and lose no cause.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

/** Runs an effect, and ends with an exit. */
export const endWith = <A, E>(effect: Effect.Effect<unknown>, exit: Exit.Exit<A, E>): Effect.Effect<A, E> =>
  Effect.matchCauseEffect(effect, {
    onSuccess: () => exit,
    onFailure: (cause) => Effect.failCause(Exit.isSuccess(exit) ? cause : Cause.sequential(exit.cause, cause))
  })

/** One after the other. */
export const inTurn = (first: Effect.Effect<unknown>, second: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.matchCauseEffect(first, {
    onSuccess: () => second,
    onFailure: (cause) => endWith(second, Exit.failCause(cause))
  })
