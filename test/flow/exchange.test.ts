import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Deferred,
  Effect,
  Exit,
  Fiber,
  FiberId,
  FiberRef,
  Layer,
  Option,
  Redacted,
  Runtime,
  Scheduler,
  TestClock
} from "effect"
import type { Outcome } from "../../src/core/page/CallbackPage.ts"
import type { Delay } from "../../src/flow/Ambient.ts"
import type { ExchangeRequest, Granted } from "../../src/flow/authorize.ts"
import { CallbackFlow } from "../../src/flow/CallbackFlow.ts"
import { exchangeCode } from "../../src/flow/exchangeCode.ts"
import * as PendingResponse from "../../src/flow/PendingResponse.ts"
import * as RefusalLog from "../../src/flow/RefusalLog.ts"
import * as Harness from "../fixtures/Harness.ts"

const granted: Granted = { code: Redacted.make("c"), via: "http" }

/** An exchange in a flow of its own, with a clock that only `ring` moves on. */
const world = () => {
  const pending = PendingResponse.make()
  const timers = new Set<() => void>()
  const pages: Array<Outcome> = []
  pending.onOutcome((outcome) => pages.push(outcome))
  const delay: Delay = (_millis, run) => {
    timers.add(run)
    return () => timers.delete(run)
  }
  return {
    pending,
    pages,
    timers,
    ring: () => timers.forEach((run) => run()),
    run: <A, E, R>(request: Omit<ExchangeRequest<A, E, R>, "url">) =>
      Effect.uninterruptible(
        exchangeCode({ pending, refusals: RefusalLog.make() }, granted, { url: "", ...request }, delay)
      )
  }
}

type World = ReturnType<typeof world>

const ends: Readonly<Record<string, (world: World, fiber: Fiber.RuntimeFiber<unknown, unknown>) => void>> = {
  "its time is over": ({ ring }) => ring(),
  "the flow is closed": ({ pending }) => pending.close(),
  "the caller is interrupted": (_world, fiber) => fiber.unsafeInterruptAsFork(FiberId.none)
}

describe("exchangeCode", () => {
  it.live("gives what the exchange gives, and leaves no timer behind", () =>
    Effect.gen(function* () {
      const { pages, run, timers } = world()
      assert.strictEqual(yield* run({ exchange: ({ via }) => Effect.succeed(via) }), "http")
      assert.deepStrictEqual(pages, [{ _tag: "SignedIn" }])
      assert.strictEqual(timers.size, 0)
    }))

  it.live("fails with what the exchange fails with, and leaves no timer behind", () =>
    Effect.gen(function* () {
      const { pages, run, timers } = world()
      const exit = yield* Effect.exit(run({ exchange: () => Effect.fail("no"), describe: (error) => `said: ${error}` }))
      assert.deepStrictEqual(exit, Exit.fail("no"))
      assert.deepStrictEqual(pages, [{ _tag: "Failed", reason: "said: no" }])
      assert.strictEqual(timers.size, 0)
    }))

  for (const [when, end] of Object.entries(ends)) {
    it.live(`waits until the exchange has let go of everything when ${when}`, () =>
      Effect.gen(function* () {
        const here = world()
        const gate = yield* Deferred.make<void>()
        const began = yield* Deferred.make<void>()
        const exchange = () =>
          Effect.zipRight(Deferred.succeed(began, undefined), Effect.never).pipe(
            Effect.onInterrupt(() => Deferred.await(gate))
          )
        const running = yield* Effect.fork(here.run({ exchange, describe: () => "not for the caller's words" }))
        yield* Deferred.await(began)
        end(here, running)
        yield* Harness.pause(20)
        assert.isTrue(Option.isNone(yield* Fiber.poll(running)))
        assert.deepStrictEqual(here.pages, when === "the flow is closed" ? [{ _tag: "Closed" }] : [])
        yield* Deferred.succeed(gate, undefined)
        const exit = yield* Fiber.await(running)
        const failure = Exit.isFailure(exit) ? exit.cause : assert.fail("it succeeded")
        if (when === "its time is over") {
          assert.include(Option.getOrThrow(Cause.failureOption(failure)), { phase: "exchange", millis: 30_000 })
          assert.deepStrictEqual(here.pages, [{ _tag: "Failed", reason: undefined }])
        } else {
          assert.isTrue(Cause.isInterruptedOnly(failure))
          assert.deepStrictEqual(here.pages, [{ _tag: "Closed" }])
        }
        assert.strictEqual(here.timers.size, 0)
      }))

    it.live(`gives no result any more when ${when}, though the exchange could not be cut short`, () =>
      Effect.gen(function* () {
        const here = world()
        const gate = yield* Deferred.make<void>()
        const began = yield* Deferred.make<void>()
        const exchange = () =>
          Effect.uninterruptible(Effect.zipRight(Deferred.succeed(began, undefined), Deferred.await(gate)))
        const running = yield* Effect.fork(here.run({ exchange }))
        yield* Deferred.await(began)
        end(here, running)
        yield* Deferred.succeed(gate, undefined)
        assert.isTrue(Exit.isFailure(yield* Fiber.await(running)))
        assert.notDeepInclude(here.pages, { _tag: "SignedIn" })
      }))
  }

  it.live("fails with the first of two reasons", () =>
    Effect.gen(function* () {
      const here = world()
      const began = yield* Deferred.make<void>()
      const exchange = () =>
        Effect.zipRight(Deferred.succeed(began, undefined), Effect.never).pipe(
          Effect.onInterrupt(() => Effect.sync(() => here.pending.close()))
        )
      const running = yield* Effect.fork(Effect.flip(here.run({ exchange })))
      yield* Deferred.await(began)
      here.ring()
      assert.include(yield* Fiber.join(running), { _tag: "AuthorizationTimeout" })
    }))

  it.live("begins nothing that may be cut short when the flow is closed already", () =>
    Effect.gen(function* () {
      const { pending, run } = world()
      pending.close()
      let hasEnded = false
      const exchange = () => Effect.map(Effect.sleep(20), () => hasEnded = true)
      assert.isTrue(Exit.isInterrupted(yield* Effect.exit(run({ exchange }))))
      assert.isFalse(hasEnded)
    }))

  it.live("begins nothing when its time is no duration", () =>
    Effect.gen(function* () {
      const { pages, run } = world()
      let hasBegun = false
      const exchange = () => Effect.sync(() => hasBegun = true)
      const exit = yield* Effect.exit(run({ exchange, exchangeTimeout: "soon" as never }))
      assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
      assert.isFalse(hasBegun)
      assert.deepStrictEqual(pages, [{ _tag: "Failed", reason: undefined }])
    }))

  it.live("keeps what the exchange sets for its fiber, as if it ran in the caller's", () =>
    Effect.gen(function* () {
      const ref = FiberRef.unsafeMake("before")
      yield* world().run({ exchange: () => FiberRef.set(ref, "after") })
      assert.strictEqual(yield* FiberRef.get(ref), "after")
    }))

  it.scoped("takes its time from the program's clock", () =>
    Effect.gen(function* () {
      const harness = yield* Harness.make
      const flow = yield* Effect.provide(CallbackFlow.open({ paste: false }), harness.layer)
      const began = yield* Deferred.make<void>()
      const running = yield* Effect.fork(Effect.flip(flow.authorize({
        url: Harness.urlFor(flow),
        present: () => Effect.orDie(flow.submit(Harness.answerFor(flow, { code: "c" }).href)),
        exchange: () => Effect.zipRight(Deferred.succeed(began, undefined), Effect.never),
        exchangeTimeout: "3 minutes"
      })))
      yield* Deferred.await(began)
      yield* TestClock.adjust("2 minutes")
      assert.isTrue(Option.isNone(yield* Fiber.poll(running)))
      yield* TestClock.adjust("1 minute")
      assert.include(yield* Fiber.join(running), { _tag: "AuthorizationTimeout", phase: "exchange", millis: 180_000 })
    }))
})

/** Runs an effect, and interrupts it at one of its steps. */
const interruptedAt = <A, E, R>(runtime: Runtime.Runtime<R>, step: number, effect: Effect.Effect<A, E, R>) =>
  Effect.async<{ readonly ended: boolean; readonly steps: number }>((resume) => {
    const base = new Scheduler.MixedScheduler(2048)
    let steps = 0
    const scheduler: Scheduler.Scheduler = {
      scheduleTask: (task, priority) => base.scheduleTask(task, priority),
      shouldYield: (current) => {
        if (current !== fiber || steps++ !== step) return false
        fiber.unsafeInterruptAsFork(FiberId.none)
        return 0
      }
    }
    const fiber: Fiber.RuntimeFiber<A, E> = Runtime.runFork(runtime)(
      Effect.zipRight(Effect.yieldNow(), Effect.withScheduler(effect, scheduler))
    )
    const timer = setTimeout(() => resume(Effect.succeed({ ended: false, steps })), 3000)
    fiber.addObserver(() => {
      clearTimeout(timer)
      resume(Effect.succeed({ ended: true, steps }))
    })
  })

describe("a flow with an exchange", () => {
  for (
    const [kind, exchange] of [
      ["that takes no time", () => Effect.void],
      ["that takes its time", () => Effect.sleep(2)]
    ] as const
  ) {
    it.scopedLive(`${kind} ends at whichever of its steps it is interrupted`, () =>
      Effect.gen(function* () {
        // Built before: to be interrupted while layers are merged is what Effect itself hangs at.
        const runtime = yield* Layer.toRuntime((yield* Harness.make).layer)
        const signIn = CallbackFlow.run({ paste: false }, (flow) =>
          flow.authorize({
            url: Harness.urlFor(flow),
            present: () => Effect.orDie(flow.submit(Harness.answerFor(flow, { code: "c" }).href)),
            exchange
          }))
        const hanging: Array<number> = []
        for (let step = 0;; step++) {
          const { ended, steps } = yield* interruptedAt(runtime, step, signIn)
          if (!ended) hanging.push(step)
          if (steps <= step) break
          assert.isBelow(step, 2000)
        }
        assert.deepStrictEqual(hanging, [])
      }), 60_000)
  }
})
