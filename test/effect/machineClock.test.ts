import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"
import { setImmediate } from "node:timers"
import { eventLoopTurns, machineClock, machineSleep } from "../../src/effect/machineClock.ts"

describe("the machine's clock", () => {
  it.effect("goes on, and ends a sleep, where a test's clock stands still", () =>
    Effect.gen(function* () {
      const [before, began] = [yield* machineClock.currentTimeMillis, performance.now()]
      const still = yield* Effect.fork(Effect.sleep("10 millis"))
      yield* machineSleep("30 millis")
      // A timer may ring one millisecond early.
      assert.isAtLeast(performance.now() - began, 29)
      assert.isAtLeast((yield* machineClock.currentTimeMillis) - before, 28)
      assert.isTrue(Option.isNone(yield* Fiber.poll(still)))
      yield* Fiber.interrupt(still)
    }))

  it.effect("lets the event loop turn as often as asked, each turn for as long as asked", () =>
    Effect.gen(function* () {
      let turns = 0
      let isOver = false
      const count = () => {
        turns++
        if (!isOver) setImmediate(count)
      }
      setImmediate(count)
      const began = performance.now()
      yield* eventLoopTurns(5, 4)
      isOver = true
      assert.isAtLeast(turns, 5)
      assert.isAtLeast(performance.now() - began, 5 * 4 - 5)
    }))
})
