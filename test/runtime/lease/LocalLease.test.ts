import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Scope } from "effect"
import { exclusively, isFree } from "../../../src/runtime/lease/LocalLease.ts"
import { interruptedAt } from "../../fixtures/InterruptAtEachStep.ts"

describe("a turn within the process", () => {
  it.live("is had by one at a time, in the order in which they came", () =>
    Effect.gen(function* () {
      const order: Array<number> = []
      let [inside, most] = [0, 0]
      const turn = (index: number) =>
        Effect.scoped(Effect.gen(function* () {
          yield* exclusively("order")
          most = Math.max(most, ++inside)
          order.push(index)
          yield* Effect.yieldNow()
          inside--
        }))
      yield* Effect.all(Array.from({ length: 20 }, (_, index) => turn(index)), { concurrency: "unbounded" })
      assert.strictEqual(most, 1)
      assert.deepStrictEqual(order, Array.from({ length: 20 }, (_, index) => index))
      assert.isTrue(isFree("order"))
    }))

  it.live("leaves nothing when it is interrupted at any step, waiting or not", () =>
    Effect.gen(function* () {
      for (const isHeld of [false, true]) {
        const scope = yield* Scope.make()
        if (isHeld) yield* Scope.extend(exclusively("steps"), scope)
        for (let step = 0;; step++) {
          const { ended, steps } = yield* interruptedAt(step, Effect.scoped(exclusively("steps")), { quiet: 10 })
          assert.isTrue(ended, `step ${step}`)
          assert.strictEqual(isFree("steps"), !isHeld, `step ${step}`)
          if (steps <= step) break
        }
        yield* Scope.close(scope, Exit.void)
        assert.isTrue(isFree("steps"))
      }
    }))

  it.live("is not given to one whose wait was interrupted, though its scope is open", () =>
    Effect.gen(function* () {
      const [holder, open] = [yield* Scope.make(), yield* Scope.make()]
      yield* Scope.extend(exclusively("open"), holder)
      const waits = yield* Deferred.make<void>()
      const onHolder = () => Deferred.unsafeDone(waits, Effect.void)
      const fiber = yield* Effect.fork(Scope.extend(exclusively("open", { onHolder }), open))
      yield* Deferred.await(waits)
      yield* Fiber.interrupt(fiber)
      yield* Scope.close(holder, Exit.void)
      assert.isTrue(isFree("open"))
      yield* Scope.close(open, Exit.void)
    }))
})
