import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, FiberRef, HashSet, Logger, LogLevel } from "effect"
import { firstOf } from "../../src/effect/firstOf.ts"
import { atEachStep } from "../fixtures/InterruptAtEachStep.ts"

/** Lets every fiber go on until it waits for something. */
const settle = Effect.repeatN(Effect.yieldNow(), 50)

/** Something that is held for ever, and takes until `release` to let go. */
const makeHeld = Effect.gen(function* () {
  const release = yield* Deferred.make<void>()
  const held = { phase: "waiting" as "waiting" | "holding" | "releasing" | "released", release }
  const hold = Effect.acquireUseRelease(
    Effect.sync(() => void (held.phase = "holding")),
    () => Effect.never,
    () =>
      Effect.sync(() => void (held.phase = "releasing")).pipe(
        Effect.zipRight(Deferred.await(release)),
        Effect.zipRight(Effect.sync(() => void (held.phase = "released")))
      )
  )
  return Object.assign(held, { hold })
})

const ends: ReadonlyArray<readonly [string, Effect.Effect<string, string>, Exit.Exit<string, string>]> = [
  ["a success", Effect.succeed("a"), Exit.succeed("a")],
  ["a failure", Effect.fail("no"), Exit.fail("no")],
  ["a defect", Effect.die("odd"), Exit.die("odd")]
]

describe("firstOf", () => {
  for (const [name, end, expected] of ends) {
    for (const [when, first] of [["at once", end], ["later", Effect.zipRight(Effect.yieldNow(), end)]] as const) {
      it.effect(`ends as its first to end does, with ${name} that comes ${when}`, () =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* Effect.exit(firstOf([first, Effect.never])), expected)
          assert.deepStrictEqual(yield* Effect.exit(firstOf([Effect.never, first])), expected)
        }))
    }
  }

  it.effect("ends with the interruption of one that interrupts itself", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(firstOf([Effect.never, Effect.interrupt]))
      assert.isTrue(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause))
    }))

  it.effect("runs one alone", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* firstOf([Effect.succeed(1)]), 1)
      assert.deepStrictEqual(yield* Effect.exit(firstOf([Effect.fail("no")])), Exit.fail("no"))
    }))

  for (const [name, end, expected] of ends) {
    it.effect(`waits until the others have released what they held, after ${name}`, () =>
      Effect.gen(function* () {
        const held = yield* makeHeld
        const gate = yield* Deferred.make<void>()
        const running = yield* Effect.fork(
          Effect.exit(firstOf([held.hold, Effect.zipRight(Deferred.await(gate), end)]))
        )
        yield* settle
        assert.strictEqual(held.phase, "holding")
        yield* Deferred.succeed(gate, undefined)
        yield* settle
        assert.strictEqual(held.phase, "releasing")
        assert.isNull(running.unsafePoll())
        yield* Deferred.succeed(held.release, undefined)
        assert.deepStrictEqual(yield* Fiber.join(running), expected)
        assert.strictEqual(held.phase, "released")
      }))
  }

  it.effect("waits until all have released what they held when it is interrupted", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* makeHeld, yield* makeHeld]
      const running = yield* Effect.fork(firstOf([one.hold, other.hold]))
      yield* settle
      yield* Fiber.interruptFork(running)
      yield* settle
      assert.deepStrictEqual([one.phase, other.phase], ["releasing", "releasing"])
      yield* Deferred.succeed(one.release, undefined)
      yield* settle
      assert.isNull(running.unsafePoll())
      yield* Deferred.succeed(other.release, undefined)
      assert.isTrue(Exit.isInterrupted(yield* Fiber.await(running)))
      assert.deepStrictEqual([one.phase, other.phase], ["released", "released"])
    }))

  it.effect("keeps what the first to end sets for its fiber, and nothing of the others", () =>
    Effect.gen(function* () {
      const ref = FiberRef.unsafeMake("before")
      yield* firstOf([
        Effect.zipRight(FiberRef.set(ref, "loser"), Effect.never),
        Effect.zipRight(FiberRef.set(ref, "first"), Effect.yieldNow())
      ])
      assert.strictEqual(yield* FiberRef.get(ref), "first")
    }))

  it.effect("logs nothing of a failure", () =>
    Effect.gen(function* () {
      const lines: Array<unknown> = []
      const logger = Logger.make(({ message }) => void lines.push(message))
      yield* Effect.exit(firstOf([Effect.never, Effect.fail("secret")])).pipe(
        Effect.locally(FiberRef.currentLoggers, HashSet.make(logger)),
        Logger.withMinimumLogLevel(LogLevel.All)
      )
      assert.deepStrictEqual(lines, [])
    }))

  it.effect("ends with the first of those it races, inside of what may not be interrupted", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* Effect.uninterruptible(firstOf([Effect.never, Effect.succeed(1)])), 1)
    }))
})

describe("firstOf, interrupted at whichever of its steps", () => {
  const short = Effect.sleep(1)
  const all: Readonly<Record<string, Effect.Effect<unknown, unknown>>> = {
    "of a short and an endless effect": firstOf([short, Effect.never]),
    "of an endless and a short effect": firstOf([Effect.never, short]),
    "of effects that end at once": firstOf([Effect.void, Effect.void, Effect.void]),
    "of a failure": firstOf([Effect.never, Effect.zipRight(short, Effect.fail("no"))]),
    "of effects that take their time to let go": firstOf([
      Effect.onInterrupt(Effect.never, () => Effect.sleep(1)),
      short
    ]),
    "of one alone": firstOf([short]),
    "within another": firstOf([firstOf([short, Effect.never]), Effect.never]),
    "inside of what may not be interrupted": Effect.uninterruptible(firstOf([short, Effect.never]))
  }
  for (const [name, effect] of Object.entries(all)) {
    for (const fibers of ["own", "all"] as const) {
      it.live(
        `${name}, ends (${fibers === "own" ? "steps of its own fiber" : "steps of all its fibers"})`,
        () =>
          Effect.gen(function* () {
            const { hanging, tried } = yield* atEachStep(effect, { of: fibers, patience: 1000 })
            assert.deepStrictEqual(hanging, [])
            assert.isAbove(tried, 10)
          }),
        60_000
      )
    }
  }
})
