/**
 * Acquiring several things for one scope, so that a failure half-way leaves none of them behind.
 */
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

/**
 * Acquires into a scope below the caller's. When that fails, dies or is interrupted, what was acquired until then is
 * released at once, and not with the caller's scope, which may be open for hours.
 *
 * @param strategy - Whether the finalizers run one after the other, last first, or side by side. Default one after the other.
 */
export const allOrNothing = <A, E, R>(
  acquire: Effect.Effect<A, E, R>,
  strategy: ExecutionStrategy.ExecutionStrategy = ExecutionStrategy.sequential
): Effect.Effect<A, E, R | Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const outer = yield* Effect.scope
      const scope = yield* Scope.fork(outer, strategy)
      return yield* Effect.onError(
        restore(Scope.extend(acquire, scope)),
        (cause) => Scope.close(scope, Exit.failCause(cause))
      )
    })
  )
