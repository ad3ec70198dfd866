/**
 * Giving up an effect that cannot be interrupted.
 */
import * as Effect from "effect/Effect"

/**
 * Runs an effect that may hang where nothing can interrupt it. When this is interrupted it ends at once: the effect is
 * interrupted too, and goes on without its caller as far as it cannot be.
 *
 * As an exit: Effect logs a fiber that fails and is not joined.
 */
export const abandonable = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatten(Effect.disconnect(Effect.exit(effect)))
