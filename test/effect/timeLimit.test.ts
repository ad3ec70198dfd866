import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, TestClock } from "effect"
import { endAfter } from "../../src/effect/endAfter.ts"
import { timeLimit } from "../../src/effect/timeLimit.ts"
import * as Harness from "../fixtures/Harness.ts"
import * as LoopbackHttp from "../fixtures/LoopbackHttp.ts"

/** Keeps the event loop from running, as a process that is stopped, or a host in `execSync`, does. */
const block = (millis: number) => {
  const end = performance.now() + millis
  while (performance.now() < end);
}

describe("timeLimit", () => {
  it.effect("rings when its time is over, by Effect's clock, and waits no second where it was not late", () =>
    Effect.gen(function* () {
      const limit = yield* Effect.fork(timeLimit("3 minutes"))
      yield* Harness.sleeping(1)
      yield* TestClock.adjust("2 minutes")
      assert.isTrue(Option.isNone(yield* Fiber.poll(limit)))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* Fiber.await(limit), Exit.void)
    }))

  it.live("lets an answer be read that comes right after a blocked process went on past the deadline", () =>
    Effect.scoped(Effect.gen(function* () {
      const { origin, serve } = yield* LoopbackHttp.listen
      serve((_request, response) => {
        block(300)
        // Reading takes more than one turn of the event loop.
        setTimeout(() => response.end("arrived"), 5)
      })
      const read = Effect.promise(() => fetch(origin).then((response) => response.text()))
      assert.strictEqual(yield* endAfter(read, "200 millis", Effect.succeed("too late")), "arrived")
    })))

  it.live("ends in the end also when it was late and nothing has arrived", () =>
    Effect.gen(function* () {
      const blocked = Effect.zipRight(Effect.delay(Effect.sync(() => block(200)), "10 millis"), Effect.never)
      assert.strictEqual(yield* endAfter(blocked, "100 millis", Effect.succeed("too late")), "too late")
    }))

  it.live.each([20, 35, 50])(
    "lets an answer be read that came long ago where it is only %d ms late",
    (late) =>
      Effect.scoped(Effect.gen(function* () {
        const { origin, serve } = yield* LoopbackHttp.listen
        serve((_request, response) => response.end("arrived"))
        // The answer has arrived long before the host goes on.
        const read = Effect.promise(async () => {
          const response = fetch(origin)
          await new Promise((resolve) => setTimeout(resolve, 1))
          block(199 + late)
          return (await response).text()
        })
        assert.strictEqual(yield* endAfter(read, "200 millis", Effect.succeed("too late")), "arrived")
      }))
  )

  it.live("waits for some turns of the event loop also where the host goes on blocking it", () =>
    Effect.scoped(Effect.gen(function* () {
      const { origin, serve } = yield* LoopbackHttp.listen
      serve((_request, response) => setTimeout(() => response.end("arrived"), 1))
      const read = Effect.promise(() => {
        let blocked = 0
        const again = () => {
          block(blocked === 0 ? 300 : 1050)
          if (++blocked < 4) setTimeout(again, 2)
        }
        setTimeout(again)
        return fetch(origin).then((response) => response.text())
      })
      assert.strictEqual(yield* endAfter(read, "200 millis", Effect.succeed("too late")), "arrived")
    })))
})
