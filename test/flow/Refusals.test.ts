import { assert, describe, it } from "@effect/vitest"
import { type Chunk, Effect, Exit, FastCheck, Fiber, FiberId, Option, Scope, Stream } from "effect"
import { setImmediate } from "node:timers"
import type { HttpRefusalReason, Refusal } from "../../src/core/oauth/Refusal.ts"
import * as Refusals from "../../src/flow/Refusals.ts"
import { steppedScheduler } from "../fixtures/steppedScheduler.ts"

const reasons: ReadonlyArray<HttpRefusalReason> = ["WrongPath", "StateMismatch", "Prefetch"]

/** The n-th refusal: an object of its own, so that readers can be asked which ones they saw. */
const refusal = (n: number): Refusal => ({ via: "http", reason: reasons[n % 3] ?? "WrongPath" })

const addAll = (log: Refusals.Refusals, count: number): ReadonlyArray<Refusal> => {
  const added = Array.from({ length: count }, (_, n) => refusal(n))
  for (const each of added) log.add(each)
  return added
}

/** Compares by identity: two refusals of one reason are not the same one. */
const assertSame = (actual: Iterable<Refusal>, expected: ReadonlyArray<Refusal>) => {
  const seen = Array.from(actual)
  assert.strictEqual(seen.length, expected.length)
  assert.isTrue(seen.every((each, place) => each === expected[place]), "other refusals, or in another order")
}

/** Lets every other fiber go as far as it can. */
const settle = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

describe("counts", () => {
  it("has a number for each reason that occurred, and none for the others", () => {
    const log = Refusals.make()
    assert.deepStrictEqual(log.counts(), {})
    addAll(log, 200)
    log.add({ via: "paste", reason: "StateMismatch" })
    assert.deepStrictEqual(log.counts(), { WrongPath: 67, StateMismatch: 68, Prefetch: 66 })
  })

  it("is a copy that stays as it was", () => {
    const log = Refusals.make()
    addAll(log, 1)
    const counts = log.counts()
    addAll(log, 1)
    assert.deepStrictEqual(counts, { WrongPath: 1 })
  })

  it("counts nothing after the end", () => {
    const log = Refusals.make()
    addAll(log, 1)
    log.end()
    addAll(log, 5)
    assert.deepStrictEqual(log.counts(), { WrongPath: 1 })
  })
})

describe("stream", () => {
  it.effect("begins with what there was before anybody read", () =>
    Effect.gen(function* () {
      const log = Refusals.make()
      const added = addAll(log, 3)
      assertSame(yield* Stream.runCollect(Stream.take(log.stream, 3)), added)
    }))

  it.effect("replays the last 64 and no more", () =>
    Effect.gen(function* () {
      const log = Refusals.make()
      const added = addAll(log, 1000)
      log.end()
      assertSame(yield* Stream.runCollect(log.stream), added.slice(-64))
    }))

  it.effect("ends with the log, after what is kept, also for who comes later", () =>
    Effect.gen(function* () {
      const log = Refusals.make()
      const early = yield* Effect.fork(Stream.runCollect(log.stream))
      yield* settle
      const added = addAll(log, 2)
      log.end()
      log.add(refusal(0))
      assertSame(yield* Fiber.join(early), added)
      assertSame(yield* Stream.runCollect(log.stream), added)
    }))

  it.effect("ends at once where nothing was refused", () =>
    Effect.gen(function* () {
      const log = Refusals.make()
      const reader = yield* Effect.fork(Stream.runCollect(log.stream))
      yield* settle
      log.end()
      log.end()
      assertSame(yield* Fiber.join(reader), [])
    }))

  it.effect("gives every reader everything", () =>
    Effect.gen(function* () {
      const log = Refusals.make()
      const readers = yield* Effect.forEach([1, 2, 3], () => Effect.fork(Stream.runCollect(log.stream)))
      yield* settle
      const added: Array<Refusal> = []
      for (let n = 0; n < 200; n++) {
        added.push(...addAll(log, 1))
        yield* settle
      }
      log.end()
      for (const reader of readers) assertSame(yield* Fiber.join(reader), added)
    }))

  it.effect("drops the oldest for a reader that is slower, and nothing for the others", () =>
    Effect.scoped(Effect.gen(function* () {
      const log = Refusals.make()
      const pull = yield* Stream.toPull(log.stream)
      /** Takes so many, in however many pieces they come. */
      const slow = (count: number): Effect.Effect<ReadonlyArray<Refusal>, Option.Option<never>> =>
        Effect.flatMap(
          pull,
          (taken) =>
            taken.length >= count
              ? Effect.succeed([...taken])
              : Effect.map(slow(count - taken.length), (more) => [...taken, ...more])
        )
      const fast = yield* Effect.fork(Stream.runCollect(log.stream))
      yield* settle
      const first = addAll(log, 10)
      assertSame(yield* slow(10), first)
      const added = [...first]
      for (let n = 0; n < 100; n++) {
        added.push(...addAll(log, 1))
        yield* settle
      }
      assertSame(yield* slow(64), added.slice(-64))
      const last = addAll(log, 1)
      assertSame(yield* slow(1), last)
      log.end()
      assert.isTrue(Option.isNone(yield* Effect.flip(pull)))
      assertSame(yield* Fiber.join(fast), [...added, ...last])
    })))

  it.effect("goes on for the others when a reader was interrupted, or took what it wanted", () =>
    Effect.gen(function* () {
      const log = Refusals.make()
      const gone = yield* Effect.fork(Stream.runDrain(log.stream))
      const first = yield* Effect.fork(Stream.runHead(log.stream))
      const all = yield* Effect.fork(Stream.runCollect(log.stream))
      yield* settle
      yield* Fiber.interrupt(gone)
      const added = addAll(log, 1)
      assert.strictEqual(Option.getOrUndefined(yield* Fiber.join(first)), added[0])
      const more = addAll(log, 2)
      log.end()
      assertSame(yield* Fiber.join(all), [...added, ...more])
    }))

  // A fiber may be made to yield between any two of its steps, and refusals are added by plain calls meanwhile: the
  // reader must not go to sleep over one that came between its look and its waiting.
  it("misses no refusal and no end, whichever of its steps they come between", () => {
    const wrong: Array<string> = []
    for (const event of ["refusal", "end"] as const) {
      for (let steps = 11; steps <= 40; steps++) {
        for (let before = 0, isWaiting = false; !isWaiting; before++) {
          const { isIdle, run, scheduler } = steppedScheduler(steps)
          const log = Refusals.make()
          const reader = Effect.runFork(Stream.runHead(log.stream), { scheduler })
          run(before)
          isWaiting = isIdle()
          const [added] = event === "refusal" ? addAll(log, 1) : []
          if (event === "end") log.end()
          run(1000)
          const exit = reader.unsafePoll()
          if (exit === null || !Exit.isSuccess(exit) || Option.getOrUndefined(exit.value) !== added) {
            wrong.push(`${event} after ${before} turns of ${steps} steps`)
          }
          reader.unsafeInterruptAsFork(FiberId.none)
          run(1000)
        }
      }
    }
    assert.deepStrictEqual(wrong, [], "a reader went to sleep over what had come")
  })
})

type Step =
  | { readonly _tag: "Add"; readonly count: number }
  | { readonly _tag: "Read"; readonly reader: number }
  | { readonly _tag: "Interrupt"; readonly reader: number }
  | { readonly _tag: "End" }

const step: FastCheck.Arbitrary<Step> = FastCheck.oneof(
  {
    weight: 6,
    arbitrary: FastCheck.record({
      _tag: FastCheck.constant("Add" as const),
      count: FastCheck.oneof(FastCheck.constant(1), FastCheck.integer({ min: 1, max: 150 }))
    })
  },
  {
    weight: 8,
    arbitrary: FastCheck.record({ _tag: FastCheck.constant("Read" as const), reader: FastCheck.nat({ max: 2 }) })
  },
  {
    weight: 2,
    arbitrary: FastCheck.record({ _tag: FastCheck.constant("Interrupt" as const), reader: FastCheck.nat({ max: 2 }) })
  },
  { weight: 1, arbitrary: FastCheck.constant({ _tag: "End" as const }) }
)

/** A reader that takes what there is, one pull at a time, and what the model knows of it. */
interface Reader {
  readonly scope: Scope.CloseableScope
  readonly pull: Effect.Effect<Chunk.Chunk<Refusal>, Option.Option<never>>
  /** What it is still to be given: at most 64. */
  due: ReadonlyArray<Refusal>
  waiting: Fiber.RuntimeFiber<Chunk.Chunk<Refusal>, Option.Option<never>> | undefined
}

describe("stream, for any order of adding, reading, interrupting and ending", () => {
  it.effect.prop("gives each reader, in order, all but the oldest beyond 64", [
    FastCheck.array(step, { maxLength: 30 })
  ], ([
    steps
  ]) =>
    Effect.gen(function* () {
      const log = Refusals.make()
      const added: Array<Refusal> = []
      const readers = new Map<number, Reader>()
      let ended = false

      const open = Effect.gen(function* () {
        const scope = yield* Scope.make()
        const pull = yield* Scope.extend(Stream.toPull(log.stream), scope)
        const reader: Reader = { scope, pull, due: added.slice(-64), waiting: undefined }
        return reader
      })

      /** Refusals come in pieces of any size, which together are what is due. */
      const compare = Effect.gen(function* () {
        yield* settle
        for (const reader of readers.values()) {
          if (reader.waiting === undefined) continue
          const exit = Option.getOrUndefined(yield* Fiber.poll(reader.waiting))
          if (reader.due.length === 0 && !ended) {
            assert.isUndefined(exit, "a reader was woken for nothing")
            continue
          }
          if (exit === undefined) return assert.fail("a reader was not woken")
          if (reader.due.length === 0) assert.deepStrictEqual(exit, Exit.fail(Option.none()))
          else {
            const taken = Exit.isSuccess(exit) ? [...exit.value] : []
            assert.isNotEmpty(taken)
            assertSame(taken, reader.due.slice(0, taken.length))
            reader.due = reader.due.slice(taken.length)
          }
          reader.waiting = undefined
        }
      })

      for (const step of steps) {
        if (step._tag === "Add") {
          const more = addAll(log, step.count)
          if (!ended) {
            added.push(...more)
            for (const reader of readers.values()) reader.due = [...reader.due, ...more].slice(-64)
          }
        } else if (step._tag === "End") {
          log.end()
          ended = true
        } else if (step._tag === "Read") {
          const reader = readers.get(step.reader) ?? (yield* open)
          readers.set(step.reader, reader)
          reader.waiting ??= yield* Effect.fork(reader.pull)
        } else {
          const reader = readers.get(step.reader)
          readers.delete(step.reader)
          if (reader?.waiting !== undefined) yield* Fiber.interrupt(reader.waiting)
          if (reader !== undefined) yield* Scope.close(reader.scope, Exit.void)
        }
        yield* compare
      }
      log.end()
      ended = true
      yield* compare
      const counts = Object.values(log.counts()).reduce((sum, count) => sum + count, 0)
      assert.strictEqual(counts, added.length)
      // What was not read yet is there, and then the end.
      for (const reader of readers.values()) {
        while (reader.due.length > 0) {
          reader.waiting = yield* Effect.fork(reader.pull)
          yield* compare
        }
        assert.deepStrictEqual(yield* Effect.exit(reader.pull), Exit.fail(Option.none()))
        yield* Scope.close(reader.scope, Exit.void)
      }
    }))
})
