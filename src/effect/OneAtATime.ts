/**
 * Turns of effects in this process.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * One turn at a time, in the order in which they are asked for. A caller that is interrupted while it waits leaves its
 * place to the next.
 *
 * Not `Effect.Semaphore`: in Effect 3.22 it loses its permit when its fiber is interrupted just as the permit comes.
 */
export interface OneAtATime {
  /** Waits for the turn, and has it while the effect runs. */
  readonly run: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Waits for the turn, and has it until the scope closes. */
  readonly turn: Effect.Effect<void, never, Scope.Scope>
}

/** Turns, the first of which is free. */
export const make = (): OneAtATime => {
  // Completed when the last one that came has had its turn.
  let last: Deferred.Deferred<void> | undefined
  /** @returns what ends the turn. */
  const begin = (restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) =>
    Effect.flatMap(Deferred.make<void>(), (ended) => {
      const before = last
      last = ended
      const end = Effect.suspend(() => {
        if (last === ended) last = undefined
        return Deferred.succeed(ended, undefined)
      })
      if (before === undefined) return Effect.succeed(end)
      // A caller that does not wait any more is passed over when the turn before its own has ended.
      const pass = Effect.forkDaemon(Effect.zipRight(Deferred.await(before), end))
      return Effect.as(Effect.onError(restore(Deferred.await(before)), () => pass), end)
    })
  return {
    run: (effect) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(begin(restore), (end) => Effect.ensuring(restore(effect), end))
      ),
    turn: Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(begin(restore), (end) => Effect.addFinalizer(() => end))
    )
  }
}
