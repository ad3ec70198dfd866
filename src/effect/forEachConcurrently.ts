/**
 * `Effect.forEach` with concurrency, for effects that may be interrupted at any moment.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { firstOf } from "./firstOf.ts"

/**
 * Runs an effect for each item, at most `concurrency` of them at a time, and gives their results in the order of the
 * items.
 *
 * The first failure ends it: the others are interrupted. When it fails or is interrupted, everything that the effects
 * held is released before it returns.
 *
 * Not `Effect.forEach` with its option `concurrency`: in Effect 3.22 that can hang when it is interrupted between
 * making its fibers and starting them.
 */
export const forEachConcurrently = <A, B, E, R>(
  items: ReadonlyArray<A>,
  concurrency: number | "unbounded",
  run: (item: A) => Effect.Effect<B, E, R>
): Effect.Effect<Array<B>, E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const failed = yield* Deferred.make<never, E>()
      const remaining = [...items.entries()]
      const results: Array<B> = []
      const work = Effect.gen(function* () {
        for (let next = remaining.shift(); next !== undefined; next = remaining.shift()) {
          results[next[0]] = yield* run(next[1])
        }
      }).pipe(
        restore,
        Effect.tapErrorCause((cause) => {
          // None of the rest may begin before the others are interrupted.
          remaining.length = 0
          return Deferred.failCause(failed, cause)
        }),
        // As an exit, because Effect logs a fiber that fails, and an error may hold a URL with its `state`.
        Effect.exit
      )
      const count = concurrency === "unbounded" ? items.length : Math.max(1, Math.min(concurrency, items.length))
      const fibers = yield* Effect.replicateEffect(Effect.fork(work), count)
      const done = Effect.forEach(fibers, (fiber) => Effect.flatten(Fiber.join(fiber)))
      yield* Effect.ensuring(restore(firstOf([done, Deferred.await(failed)])), Fiber.interruptAll(fibers))
      return results
    })
  )
