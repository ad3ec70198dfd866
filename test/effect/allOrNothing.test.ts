import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, ExecutionStrategy, Exit, Fiber, Scope } from "effect"
import { allOrNothing } from "../../src/effect/allOrNothing.ts"
import { interruptedAt } from "../fixtures/InterruptAtEachStep.ts"

/** Things that are held, and the order in which they were let go of. */
const make = () => {
  const held = new Set<string>()
  const released: Array<string> = []
  const acquire = (name: string, release: Effect.Effect<void> = Effect.void) =>
    Effect.acquireRelease(
      Effect.sync(() => void held.add(name)),
      () => Effect.zipRight(release, Effect.sync(() => void (held.delete(name), released.push(name))))
    )
  return { held, released, acquire }
}

describe("allOrNothing", () => {
  it.effect("holds what it acquired until the caller's scope closes, and releases the last first", () =>
    Effect.gen(function* () {
      const { acquire, held, released } = make()
      const scope = yield* Scope.make()
      const both = Effect.as(Effect.zipRight(acquire("one"), acquire("two")), "both")
      assert.strictEqual(yield* Scope.extend(allOrNothing(both), scope), "both")
      assert.deepStrictEqual([...held], ["one", "two"])
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(released, ["two", "one"])
    }))

  it.effect("releases side by side where that is asked for", () =>
    Effect.gen(function* () {
      const { acquire, held } = make()
      const [first, second] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      /** Each waits until the other has begun. */
      const meet = (own: Deferred.Deferred<void>, other: Deferred.Deferred<void>) =>
        Effect.zipRight(Deferred.succeed(own, undefined), Deferred.await(other))
      const both = Effect.zipRight(acquire("one", meet(first, second)), acquire("two", meet(second, first)))
      yield* Effect.scoped(allOrNothing(both, ExecutionStrategy.parallel))
      assert.strictEqual(held.size, 0)
    }))

  for (
    const [how, ending] of [
      ["fails", Effect.fail("no")],
      ["dies", Effect.die("broken")],
      ["is interrupted", Effect.interrupt]
    ] as const
  ) {
    it.effect(`releases what it had at once when it ${how}, though the caller's scope is open`, () =>
      Effect.gen(function* () {
        const { acquire, held, released } = make()
        const scope = yield* Scope.make()
        const half = Effect.zipRight(Effect.zipRight(acquire("one"), acquire("two")), ending)
        const exit = yield* Effect.exit(Scope.extend(allOrNothing(half), scope))
        assert.deepStrictEqual([...held], [])
        assert.deepStrictEqual(released, ["two", "one"])
        const cause = Exit.isFailure(exit) ? exit.cause : assert.fail("it succeeded")
        if (how === "fails") assert.deepStrictEqual(cause, Cause.fail("no"))
        else if (how === "dies") assert.deepStrictEqual(cause, Cause.die("broken"))
        else assert.isTrue(Cause.isInterruptedOnly(cause))
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(released, ["two", "one"], "and once")
      }))
  }

  it.effect("can be interrupted while it acquires, and has released everything then", () =>
    Effect.gen(function* () {
      const { acquire, held } = make()
      const scope = yield* Scope.make()
      const began = yield* Deferred.make<void>()
      const half = Effect.zipRight(Effect.zipRight(acquire("one"), Deferred.succeed(began, undefined)), Effect.never)
      const running = yield* Effect.fork(Scope.extend(allOrNothing(half), scope))
      yield* Deferred.await(began)
      yield* Fiber.interrupt(running)
      assert.strictEqual(held.size, 0)
      yield* Scope.close(scope, Exit.void)
    }))

  it.live("has all or nothing at whichever step it is interrupted", () =>
    Effect.gen(function* () {
      const wrong: Array<string> = []
      for (let step = 0, isOver = false; !isOver; step++) {
        const { acquire, held } = make()
        const scope = yield* Scope.make()
        let exit: Exit.Exit<unknown> | undefined
        const acquiring = Effect.zipRight(Effect.zipRight(acquire("one"), Effect.yieldNow()), acquire("two"))
        const watched = Effect.onExit(Scope.extend(allOrNothing(acquiring), scope), (ended) =>
          Effect.sync(() => exit = ended))
        const { ended, steps } = yield* interruptedAt(step, watched)
        if (!ended) {
          wrong.push(`it does not end at step ${step}`)
        }
        const expected = exit !== undefined && Exit.isSuccess(exit) ? 2 : 0
        // Where the interrupt comes after the last thing was acquired, the caller's scope has it.
        if (held.size !== expected && held.size !== 2) {
          wrong.push(`${held.size} are held after step ${step}`)
        }
        yield* Scope.close(scope, Exit.void)
        if (held.size !== 0) {
          wrong.push(`${held.size} are left after step ${step}`)
        }
        isOver = steps <= step
      }
      assert.deepStrictEqual(wrong, [])
    }))
})
