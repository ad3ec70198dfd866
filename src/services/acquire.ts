/**
 * Acquiring what a scope releases.
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

/**
 * `Effect.acquireRelease` for a release that needs nothing of the fiber it was acquired in: to give it back its fiber
 * references costs more than to open and close a socket.
 */
export const acquire = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  release: (acquired: A, exit: Exit.Exit<unknown, unknown>) => Effect.Effect<void>
): Effect.Effect<A, E, R | Scope.Scope> =>
  Effect.uninterruptible(
    Effect.flatMap(Effect.scope, (scope) =>
      Effect.tap(effect, (acquired) => Scope.addFinalizerExit(scope, (exit) => release(acquired, exit))))
  )
