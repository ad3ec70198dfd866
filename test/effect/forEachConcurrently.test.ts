import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, FastCheck, Fiber, FiberRef, HashSet, Logger, LogLevel } from "effect"
import { forEachConcurrently } from "../../src/effect/forEachConcurrently.ts"
import { atEachStep } from "../fixtures/InterruptAtEachStep.ts"

/** Lets every fiber go on until it waits for something. */
const settle = Effect.repeatN(Effect.yieldNow(), 100)

const numbers = (count: number): Array<number> => Array.from({ length: count }, (_, index) => index)

/** Counts how many are inside at a time. */
const makeCount = () => {
  const count = { inside: 0, most: 0 }
  const inside = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.acquireUseRelease(
      Effect.sync(() => void (count.most = Math.max(count.most, ++count.inside))),
      () => effect,
      () => Effect.sync(() => void count.inside--)
    )
  return Object.assign(count, { within: inside })
}

describe("forEachConcurrently", () => {
  it.effect("gives nothing for nothing", () =>
    Effect.gen(function* () {
      for (const concurrency of [1, 5, "unbounded"] as const) {
        assert.deepStrictEqual(yield* forEachConcurrently([], concurrency, () => Effect.die("called")), [])
      }
    }))

  it.effect.prop("gives each result in its place, and runs no more than allowed at a time", [
    FastCheck.array(FastCheck.integer({ min: 0, max: 5 }), { maxLength: 12 }),
    FastCheck.oneof(FastCheck.integer({ min: 1, max: 5 }), FastCheck.constant("unbounded" as const))
  ], ([turns, concurrency]) =>
    Effect.gen(function* () {
      const count = makeCount()
      const results = yield* forEachConcurrently([...turns.entries()], concurrency, ([index, each]) =>
        count.within(Effect.as(Effect.repeatN(Effect.yieldNow(), each), index)))
      assert.deepStrictEqual(results, numbers(turns.length))
      assert.strictEqual(count.inside, 0)
      assert.isAtMost(count.most, concurrency === "unbounded" ? turns.length : concurrency)
    }))

  it.effect("runs as many at a time as it may", () =>
    Effect.gen(function* () {
      for (const [concurrency, most] of [[3, 3], [20, 8], ["unbounded", 8]] as const) {
        const count = makeCount()
        const gate = yield* Deferred.make<void>()
        const running = yield* Effect.fork(
          forEachConcurrently(numbers(8), concurrency, () => count.within(Deferred.await(gate)))
        )
        yield* settle
        assert.strictEqual(count.inside, most)
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.join(running)
      }
    }))

  it.effect.each<readonly [string, Effect.Effect<never, string>, Exit.Exit<never, string>]>([
    ["a failure", Effect.fail("no"), Exit.fail("no")],
    ["a defect", Effect.die("odd"), Exit.die("odd")]
  ])(
    "ends with %s of one at once, when the others have released what they held",
    ([, end, expected]) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const release = yield* Deferred.make<void>()
        let released = 0
        const held = Effect.onInterrupt(
          Effect.never,
          () => Effect.zipRight(Deferred.await(release), Effect.sync(() => void released++))
        )
        const running = yield* Effect.fork(
          forEachConcurrently(
            numbers(4),
            "unbounded",
            (index) => index === 2 ? Effect.zipRight(Deferred.await(gate), end) : held
          )
        )
        yield* settle
        yield* Deferred.succeed(gate, undefined)
        yield* settle
        assert.isNull(running.unsafePoll())
        yield* Deferred.succeed(release, undefined)
        assert.deepStrictEqual(yield* Fiber.await(running), expected)
        assert.strictEqual(released, 3)
      })
  )

  it.effect("begins none of the rest after a failure", () =>
    Effect.gen(function* () {
      const begun: Array<number> = []
      const gate = yield* Deferred.make<void>()
      yield* Effect.exit(forEachConcurrently(numbers(5), 2, (index) =>
        Effect.zipRight(
          Effect.sync(() => begun.push(index)),
          // The second is over as the first fails.
          index === 0
            ? Effect.zipRight(Effect.zipRight(Effect.yieldNow(), Deferred.succeed(gate, undefined)), Effect.fail("no"))
            : Deferred.await(gate)
        )))
      assert.includeMembers([0, 1], begun)
    }))

  it.effect("interrupts all at once, and waits until they have released what they held", () =>
    Effect.gen(function* () {
      const release = yield* Deferred.make<void>()
      let releasing = 0
      const running = yield* Effect.fork(forEachConcurrently(numbers(5), "unbounded", () =>
        Effect.onInterrupt(Effect.never, () =>
          Effect.zipRight(
            Effect.sync(() => void releasing++),
            Deferred.await(release)
          ))))
      yield* settle
      yield* Fiber.interruptFork(running)
      yield* settle
      assert.strictEqual(releasing, 5)
      assert.isNull(running.unsafePoll())
      yield* Deferred.succeed(release, undefined)
      assert.isTrue(Exit.isInterrupted(yield* Fiber.await(running)))
    }))

  it.effect("can be interrupted while some still wait for their turn", () =>
    Effect.gen(function* () {
      const running = yield* Effect.fork(forEachConcurrently(numbers(5), 1, () => Effect.never))
      yield* settle
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(running)))
    }))

  it.effect("is not interrupted, nor are those it runs, inside of what may not be", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      let ended = 0
      const running = yield* Effect.fork(Effect.uninterruptible(forEachConcurrently(numbers(3), "unbounded", () =>
        Effect.zipRight(
          Deferred.await(gate),
          Effect.sync(() => void ended++)
        ))))
      yield* settle
      yield* Fiber.interruptFork(running)
      yield* settle
      assert.isNull(running.unsafePoll())
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.await(running)
      assert.strictEqual(ended, 3)
    }))

  it.effect("interrupts what may be interrupted of those it runs, inside of what may not be", () =>
    Effect.gen(function* () {
      const running = yield* Effect.fork(
        Effect.uninterruptible(forEachConcurrently(numbers(3), "unbounded", () => Effect.interruptible(Effect.never)))
      )
      yield* settle
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(running)))
    }))

  it.effect("runs with what the caller set for its fiber, and keeps what they set for theirs", () =>
    Effect.gen(function* () {
      const ref = FiberRef.unsafeMake("before")
      const other = FiberRef.unsafeMake("before")
      yield* FiberRef.set(ref, "caller")
      const seen = yield* forEachConcurrently(
        ["a", "b"],
        "unbounded",
        (name) => Effect.zipLeft(FiberRef.get(ref), FiberRef.set(other, name))
      )
      assert.deepStrictEqual(seen, ["caller", "caller"])
      assert.strictEqual(yield* FiberRef.get(ref), "caller")
      assert.strictEqual(yield* FiberRef.get(other), "b")
    }))

  it.scoped("leaves what they acquire in the caller's scope", () =>
    Effect.gen(function* () {
      let released = 0
      yield* Effect.scoped(Effect.gen(function* () {
        yield* forEachConcurrently(numbers(3), "unbounded", () =>
          Effect.addFinalizer(() =>
            Effect.sync(() => void released++)
          ))
        assert.strictEqual(released, 0)
      }))
      assert.strictEqual(released, 3)
    }))

  it.effect("logs nothing of a failure", () =>
    Effect.gen(function* () {
      const lines: Array<unknown> = []
      const logger = Logger.make(({ message }) => void lines.push(message))
      yield* Effect.exit(forEachConcurrently(numbers(3), "unbounded", () => Effect.fail("secret"))).pipe(
        Effect.locally(FiberRef.currentLoggers, HashSet.make(logger)),
        Logger.withMinimumLogLevel(LogLevel.All)
      )
      assert.deepStrictEqual(lines, [])
    }))
})

describe("forEachConcurrently, interrupted at whichever of its steps", () => {
  const short = Effect.sleep(1)
  const all: Readonly<Record<string, Effect.Effect<unknown, unknown>>> = {
    "all at once": forEachConcurrently(numbers(3), "unbounded", () => short),
    "two at a time": forEachConcurrently(numbers(3), 2, () => short),
    "that take no time": forEachConcurrently(numbers(3), 2, () => Effect.void),
    "with a failure": forEachConcurrently(
      numbers(3),
      "unbounded",
      (index) => index === 1 ? Effect.zipRight(short, Effect.fail("no")) : Effect.never
    ),
    "that take their time to let go": forEachConcurrently(
      numbers(2),
      "unbounded",
      () => Effect.onInterrupt(short, () => short)
    ),
    "inside of what may not be interrupted": Effect.uninterruptible(
      forEachConcurrently(numbers(3), "unbounded", () => short)
    )
  }
  for (const [name, effect] of Object.entries(all)) {
    for (const fibers of ["own", "all"] as const) {
      it.live(
        `${name}, ends (${fibers === "own" ? "steps of its own fiber" : "steps of all its fibers"})`,
        () =>
          Effect.gen(function* () {
            const { hanging, tried } = yield* atEachStep(effect, { of: fibers, patience: 1000 })
            assert.deepStrictEqual(hanging, [])
            assert.isAbove(tried, 30)
          }),
        60_000
      )
    }
  }
})
