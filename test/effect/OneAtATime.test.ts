import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, FastCheck, Fiber, Scope } from "effect"
import * as OneAtATime from "../../src/effect/OneAtATime.ts"

describe("OneAtATime", () => {
  it.effect("runs one at a time, in the order in which they came, and passes over who has left", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(
          FastCheck.array(FastCheck.nat({ max: 3 }), { minLength: 1, maxLength: 12 }),
          FastCheck.scheduler(),
          (kinds, scheduler) =>
            Effect.runPromise(Effect.gen(function* () {
              const { run } = OneAtATime.make()
              const order: Array<number> = []
              let inside = 0
              const visit = (index: number) =>
                Effect.gen(function* () {
                  assert.strictEqual(++inside, 1, "two were inside")
                  order.push(index)
                  yield* Effect.ensuring(
                    Effect.promise(() => scheduler.schedule(Promise.resolve())),
                    Effect.sync(() => void inside--)
                  )
                })
              const fibers = yield* Effect.forEach(
                kinds,
                (_kind, index) => Effect.tap(Effect.fork(run(visit(index))), () => Effect.yieldNow())
              )
              // 0: is interrupted at once, waiting or inside.
              yield* Effect.forEach(
                kinds,
                (kind, index) => kind === 0 ? Fiber.interruptFork(fibers[index]!) : Effect.void
              )
              yield* Effect.promise(() => scheduler.waitFor(Effect.runPromise(Fiber.awaitAll(fibers))))
              assert.strictEqual(inside, 0)
              assert.deepStrictEqual(order, [...order].sort((a, b) => a - b))
              for (const [index, kind] of kinds.entries()) if (kind !== 0) assert.include(order, index)
              // Nobody has it any more.
              yield* run(Effect.void)
            }))
        ),
        { numRuns: 100 }
      )
    ))

  it.effect("interrupted at any step, it leaves the turn to the next", () =>
    Effect.gen(function* () {
      for (let steps = 0; steps < 60; steps++) {
        const { run } = OneAtATime.make()
        const gate = yield* Deferred.make<void>()
        const first = yield* Effect.fork(run(Deferred.await(gate)))
        const second = yield* Effect.fork(run(Effect.yieldNow()))
        yield* Effect.yieldNow()
        yield* Deferred.succeed(gate, undefined)
        yield* Effect.repeatN(Effect.yieldNow(), steps)
        yield* Fiber.interrupt(second)
        yield* Fiber.join(first)
        yield* run(Effect.void)
      }
    }))

  it.effect("a turn of a scope ends with it", () =>
    Effect.gen(function* () {
      const { run, turn } = OneAtATime.make()
      const scope = yield* Scope.make()
      yield* Scope.extend(turn, scope)
      let ran = false
      const next = yield* Effect.fork(run(Effect.sync(() => void (ran = true))))
      yield* Effect.repeatN(Effect.yieldNow(), 20)
      assert.isFalse(ran)
      yield* Scope.close(scope, Exit.void)
      yield* Fiber.join(next)
      assert.isTrue(ran)
    }))
})
