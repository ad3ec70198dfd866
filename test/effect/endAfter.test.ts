import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, FiberRef, Option, TestClock } from "effect"
import { endAfter } from "../../src/effect/endAfter.ts"
import * as Harness from "../fixtures/Harness.ts"
import { atEachStep } from "../fixtures/InterruptAtEachStep.ts"

const late = Effect.fail("late")

describe("endAfter", () => {
  it.effect("ends as the effect does, when that ends in time", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Effect.exit(endAfter(Effect.succeed(1), "1 second", late)), Exit.succeed(1))
      assert.deepStrictEqual(yield* Effect.exit(endAfter(Effect.fail("no"), "1 second", late)), Exit.fail("no"))
      assert.deepStrictEqual(yield* Effect.exit(endAfter(Effect.die("no"), "1 second", late)), Exit.die("no"))
      assert.isTrue(Exit.isInterrupted(yield* Effect.exit(endAfter(Effect.interrupt, "1 second", late))))
    }))

  it.effect("ends as the ending does when the time is over, by Effect's clock", () =>
    Effect.gen(function* () {
      for (const [ending, expected] of [[late, Exit.fail("late")], [Effect.succeed(2), Exit.succeed(2)]] as const) {
        const running = yield* Effect.fork(endAfter(Effect.never, "3 minutes", ending as Effect.Effect<number, string>))
        yield* Harness.sleeping(1)
        yield* TestClock.adjust("2 minutes")
        assert.isTrue(Option.isNone(yield* Fiber.poll(running)))
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(yield* Fiber.await(running), expected)
      }
    }))

  it.effect("ends only when what took too long has released what it held", () =>
    Effect.gen(function* () {
      const [began, gate] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const slow = Effect.onInterrupt(
        Effect.never,
        () => Effect.zipRight(Deferred.succeed(began, undefined), Deferred.await(gate))
      )
      const running = yield* Effect.fork(endAfter(slow, "1 second", late))
      yield* Harness.sleeping(1)
      yield* TestClock.adjust("1 second")
      yield* Deferred.await(began)
      yield* Harness.pause(5)
      assert.isTrue(Option.isNone(yield* Fiber.poll(running)))
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual(yield* Fiber.await(running), Exit.fail("late"))
    }))

  it.effect("keeps what the effect sets for its fiber", () =>
    Effect.gen(function* () {
      const ref = FiberRef.unsafeMake("before")
      yield* endAfter(FiberRef.set(ref, "after"), "1 second", late)
      assert.strictEqual(yield* FiberRef.get(ref), "after")
    }))

  it.live(
    "ends at whichever step it is interrupted, and not only when the time is over",
    () =>
      Effect.gen(function* () {
        const effects = [
          [Effect.void, undefined],
          [Effect.sleep(2), undefined],
          [Effect.never, 20]
        ] as const
        for (const [effect, quiet] of effects) {
          for (const which of ["own", "all"] as const) {
            const options = { of: which, patience: 1000, ...(quiet !== undefined && { quiet }) }
            const { hanging } = yield* atEachStep(
              endAfter<void, never, never, void, string, never>(effect, "1 hour", late),
              options
            )
            assert.deepStrictEqual(hanging, [])
          }
        }
      }),
    60_000
  )
})
