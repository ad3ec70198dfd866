import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Scope, TestClock } from "effect"
import { setImmediate } from "node:timers"
import { atMost } from "../../src/effect/atMost.ts"
import { atEachStep } from "../fixtures/InterruptAtEachStep.ts"
import * as LoopbackHttp from "../fixtures/LoopbackHttp.ts"

/** Lets every other fiber go as far as it can. */
const settled = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

/** How many milliseconds an effect takes, by the machine's clock. */
const timed = (effect: Effect.Effect<unknown>) =>
  Effect.gen(function* () {
    const started = performance.now()
    yield* effect
    return performance.now() - started
  })

const hour = 3_600_000

/** Where a release waits: in an effect's own course, and in a finalizer, after whatever ended it. */
const places: Readonly<Record<string, (effect: Effect.Effect<void>) => Effect.Effect<unknown>>> = {
  "in the course of an effect": (effect) => effect,
  "where nothing can be interrupted": Effect.uninterruptible,
  "in a finalizer": (effect) => Effect.scoped(Effect.addFinalizer(() => effect)),
  "in a finalizer after a failure": (effect) => Effect.exit(Effect.ensuring(Effect.fail("no"), effect)),
  "in a finalizer of a fiber that was interrupted": (effect) =>
    Effect.gen(function* () {
      const began = yield* Deferred.make<void>()
      const fiber = yield* Effect.fork(
        Effect.scoped(
          Effect.addFinalizer(() => effect).pipe(
            Effect.zipRight(Deferred.succeed(began, undefined)),
            Effect.zipRight(Effect.never)
          )
        )
      )
      yield* Deferred.await(began)
      yield* Fiber.interrupt(fiber)
    }),
  "in a finalizer of a fiber that is interrupted meanwhile": (effect) =>
    Effect.gen(function* () {
      const began = yield* Deferred.make<void>()
      const fiber = yield* Effect.fork(
        Effect.scoped(Effect.addFinalizer(() => Effect.zipRight(Deferred.succeed(began, undefined), effect)))
      )
      yield* Deferred.await(began)
      yield* Fiber.interrupt(fiber)
    }),
  "in a scope that an interrupted fiber closes": (effect) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      yield* Scope.addFinalizer(scope, effect)
      const fiber = yield* Effect.fork(Effect.onInterrupt(Effect.never, () => Scope.close(scope, Exit.void)))
      yield* settled
      yield* Fiber.interrupt(fiber)
    })
}

describe("atMost", () => {
  for (const [where, run] of Object.entries(places)) {
    describe(where, () => {
      it.effect("waits for what ends in time, and no longer", () =>
        Effect.gen(function* () {
          let hasEnded = false
          const effect = Effect.zipRight(settled, Effect.sync(() => hasEnded = true))
          assert.isBelow(yield* timed(run(atMost(hour, effect))), 10_000)
          assert.isTrue(hasEnded)
        }))

      it.effect("waits no longer than its time for what does not end, and interrupts it", () =>
        Effect.gen(function* () {
          const interrupted = yield* Deferred.make<void>()
          const effect = Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined))
          const millis = yield* timed(run(atMost(20, effect)))
          // A timer may ring one millisecond early.
          assert.isAtLeast(millis, 18)
          yield* Deferred.await(interrupted)
        }))

      it.effect("leaves to itself what cannot be interrupted", () =>
        Effect.gen(function* () {
          const gate = yield* Deferred.make<void>()
          const ended = yield* Deferred.make<void>()
          const effect = Effect.uninterruptible(
            Effect.zipRight(Deferred.await(gate), Deferred.succeed(ended, undefined))
          )
          assert.isBelow(yield* timed(run(atMost(20, effect))), 10_000)
          yield* Deferred.succeed(gate, undefined)
          yield* Deferred.await(ended)
        }))
    })
  }

  it.effect("goes by the machine's clock, not by Effect's", () =>
    Effect.gen(function* () {
      const started = performance.now()
      const waiting = yield* Effect.fork(atMost(50, Effect.never))
      yield* settled
      yield* TestClock.adjust("1 hour")
      yield* Fiber.join(waiting)
      // A timer may ring one millisecond early.
      assert.isAtLeast(performance.now() - started, 48)
    }))

  it.live("lets be read what arrived while the process was kept from running past the time", () =>
    Effect.scoped(Effect.gen(function* () {
      const { origin, serve } = yield* LoopbackHttp.listen
      serve((_request, response) => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
        // Reading takes more than one turn of the event loop.
        setTimeout(() => response.end("arrived"), 5)
      })
      const read = Effect.promise(() => fetch(origin).then((response) => response.text()))
      let arrived = ""
      yield* atMost(200, Effect.map(read, (text) => void (arrived = text)))
      assert.strictEqual(arrived, "arrived")
    })))

  it.live("ends at whichever step it is interrupted", () =>
    Effect.gen(function* () {
      for (const effect of [Effect.void, Effect.never, Effect.uninterruptible(Effect.sleep(2))]) {
        for (const which of ["own", "all"] as const) {
          const { hanging } = yield* atEachStep(atMost(5, effect), { of: which, patience: 1000 })
          assert.deepStrictEqual(hanging, [])
        }
      }
    }), 60_000)
})
