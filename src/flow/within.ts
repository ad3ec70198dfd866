/**
 * The use of something that is released after it, with a scope of its own.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as Scope from "effect/Scope"
import { endWith, inTurn } from "./inTurn.ts"

/**
 * Runs `use` with a scope, closes the scope, and then releases; to be run where nothing interrupts but what `use` lets.
 *
 * By `Effect.scoped` this would be a third of the steps of a whole flow; here the context is set and set back, which is
 * safe in such a place.
 */
export const within = <A, E, R>(
  use: () => Effect.Effect<A, E, R>,
  release: (exit: Exit.Exit<A, E>) => Effect.Effect<void>
): Effect.Effect<A, E, Exclude<R, Scope.Scope>> =>
  Effect.flatMap(Scope.make(), (scope) =>
    Effect.withFiberRuntime<A, E, R>(({ currentContext }) => {
      const leave = (exit: Exit.Exit<A, E>) =>
        Effect.zipRight(
          FiberRef.set(FiberRef.currentContext, currentContext),
          endWith(inTurn(Scope.close(scope, exit), release(exit)), exit)
        )
      return Effect.matchCauseEffect(
        Effect.flatMap(
          FiberRef.set(FiberRef.currentContext, Context.add(currentContext, Scope.Scope, scope)),
          use
        ),
        { onSuccess: (value) => leave(Exit.succeed(value)), onFailure: (cause) => leave(Exit.failCause(cause)) }
      )
    })) as Effect.Effect<A, E, Exclude<R, Scope.Scope>>
