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
 * Not `Effect.forEach` with its option `concurrency`: in Effect 3.22 that can wait for ever when it is interrupted between
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
      const permits = yield* Effect.makeSemaphore(concurrency === "unbounded" ? items.length : concurrency)
      // As an exit, because Effect logs a fiber that fails, and an error may hold a URL with its `state`.
      const fibers = yield* Effect.forEach(items, (item) =>
        permits.take(1).pipe(
          Effect.zipRight(Effect.suspend(() => run(item))),
          // Not after a failure: none that still waits for its turn may begin then.
          Effect.zipLeft(permits.release(1)),
          restore,
          Effect.tapErrorCause((cause) => Deferred.failCause(failed, cause)),
          Effect.exit,
          Effect.fork
        ))
      const all = Effect.forEach(fibers, (fiber) => Effect.flatten(Fiber.join(fiber)))
      return yield* Effect.ensuring(restore(firstOf([all, Deferred.await(failed)])), Fiber.interruptAll(fibers))
    })
  )
