import { assert, describe, it } from "@effect/vitest"
import { type Chunk, Effect, Exit, FastCheck, Fiber, FiberId, Option, type Scheduler, Scope, Stream } from "effect"
import { setImmediate } from "node:timers"
import type { HttpRefusalReason, Refusal } from "../../src/core/oauth/Refusal.ts"
import * as RefusalLog from "../../src/flow/RefusalLog.ts"
import { refusalStream } from "../../src/flow/refusalStream.ts"

const reasons: ReadonlyArray<HttpRefusalReason> = ["WrongPath", "StateMismatch", "Prefetch"]

/** The n-th refusal: an object of its own, so that readers can be asked which ones they saw. */
const refusal = (n: number): Refusal => ({ via: "http", reason: reasons[n % 3] ?? "WrongPath" })

const addAll = (log: RefusalLog.RefusalLog, count: number): ReadonlyArray<Refusal> => {
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

/** A log, and the number of listeners it holds: it has no other way of keeping them than a set of its own. */
const watched = (): { readonly log: RefusalLog.RefusalLog; readonly listeners: () => number } => {
  const original = globalThis.Set
  const sets: Array<Set<unknown>> = []
  globalThis.Set = class<A> extends original<A> {
    constructor(values?: Iterable<A> | null) {
      super(values)
      sets.push(this)
    }
  } as SetConstructor
  try {
    const log = RefusalLog.make()
    // The set is made for the first one who listens.
    Effect.runSync(Fiber.interruptAsFork(Effect.runFork(log.after(0)), FiberId.none))
    return { log, listeners: () => sets.reduce((sum, set) => sum + set.size, 0) }
  } finally {
    globalThis.Set = original
  }
}

describe("counts", () => {
  it("has a number for each reason that occurred, and none for the others", () => {
    const log = RefusalLog.make()
    assert.deepStrictEqual(log.counts(), {})
    addAll(log, 200)
    log.add({ via: "paste", reason: "StateMismatch" })
    assert.deepStrictEqual(log.counts(), { WrongPath: 67, StateMismatch: 68, Prefetch: 66 })
  })

  it("is a copy that stays as it was", () => {
    const log = RefusalLog.make()
    addAll(log, 1)
    const counts = log.counts()
    addAll(log, 1)
    assert.deepStrictEqual(counts, { WrongPath: 1 })
  })

  it("counts nothing after the end", () => {
    const log = RefusalLog.make()
    addAll(log, 1)
    log.end()
    addAll(log, 5)
    assert.deepStrictEqual(log.counts(), { WrongPath: 1 })
  })
})

describe("stream", () => {
  it.effect("begins with what there was before anybody read", () =>
    Effect.gen(function* () {
      const log = RefusalLog.make()
      const added = addAll(log, 3)
      assertSame(yield* Stream.runCollect(Stream.take(refusalStream(log), 3)), added)
    }))

  it.effect("replays the last 64 and no more", () =>
    Effect.gen(function* () {
      const log = RefusalLog.make()
      const added = addAll(log, 1000)
      log.end()
      assertSame(yield* Stream.runCollect(refusalStream(log)), added.slice(-64))
    }))

  it.effect("ends with the log, after what is kept, also for who comes later", () =>
    Effect.gen(function* () {
      const log = RefusalLog.make()
      const early = yield* Effect.fork(Stream.runCollect(refusalStream(log)))
      yield* settle
      const added = addAll(log, 2)
      log.end()
      log.add(refusal(0))
      assertSame(yield* Fiber.join(early), added)
      assertSame(yield* Stream.runCollect(refusalStream(log)), added)
    }))

  it.effect("ends at once where nothing was refused", () =>
    Effect.gen(function* () {
      const log = RefusalLog.make()
      const reader = yield* Effect.fork(Stream.runCollect(refusalStream(log)))
      yield* settle
      log.end()
      log.end()
      assertSame(yield* Fiber.join(reader), [])
    }))

  it.effect("gives every reader everything", () =>
    Effect.gen(function* () {
      const log = RefusalLog.make()
      const readers = yield* Effect.forEach([1, 2, 3], () => Effect.fork(Stream.runCollect(refusalStream(log))))
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
      const log = RefusalLog.make()
      const slow = yield* Stream.toPull(refusalStream(log))
      const fast = yield* Effect.fork(Stream.runCollect(refusalStream(log)))
      yield* settle
      const first = addAll(log, 10)
      assertSame(yield* slow, first)
      const added = [...first]
      for (let n = 0; n < 100; n++) {
        added.push(...addAll(log, 1))
        yield* settle
      }
      assertSame(yield* slow, added.slice(-64))
      const last = addAll(log, 1)
      assertSame(yield* slow, last)
      log.end()
      assert.deepStrictEqual(yield* Effect.flip(slow), Option.none())
      assertSame(yield* Fiber.join(fast), [...added, ...last])
    })))

  it.effect("holds no listener for a reader that was interrupted, or that was served", () =>
    Effect.gen(function* () {
      const { listeners, log } = watched()
      const reader = yield* Effect.fork(Stream.runDrain(refusalStream(log)))
      const other = yield* Effect.fork(Stream.runDrain(refusalStream(log)))
      yield* settle
      assert.strictEqual(listeners(), 2)
      yield* Fiber.interrupt(reader)
      assert.strictEqual(listeners(), 1)
      addAll(log, 1)
      assert.strictEqual(listeners(), 0)
      yield* settle
      assert.strictEqual(listeners(), 1)
      log.end()
      yield* Fiber.join(other)
      assert.strictEqual(listeners(), 0)
    }))

  it.effect("holds no listener for a reader that took what it wanted", () =>
    Effect.gen(function* () {
      const { listeners, log } = watched()
      const reader = yield* Effect.fork(Stream.runHead(refusalStream(log)))
      yield* settle
      addAll(log, 1)
      yield* Fiber.join(reader)
      assert.strictEqual(listeners(), 0)
    }))

  // A fiber may be made to yield between any two of its steps, and refusals are added by plain calls meanwhile: the
  // reader must not go to sleep over one that came between its look and its waiting.
  it("misses no refusal and no end, whichever of its steps they come between", () => {
    const wrong: Array<string> = []
    for (const event of ["refusal", "end"] as const) {
      // With fewer steps than 11 the runtime itself does not get from one to the next.
      for (let steps = 11; steps <= 40; steps++) {
        for (let before = 0; before < 30; before++) {
          const tasks: Array<() => void> = []
          // Makes the reader yield after so many steps, and lets it go on only when it is told to.
          const scheduler: Scheduler.Scheduler = {
            scheduleTask: (task) => void tasks.push(task),
            shouldYield: (fiber) => fiber.currentOpCount > steps ? 0 : false
          }
          const run = (turns: number) => {
            for (let turn = 0; turn < turns && tasks.length > 0; turn++) tasks.shift()?.()
          }
          const log = RefusalLog.make()
          const reader = Effect.runFork(Stream.runHead(refusalStream(log)), { scheduler })
          run(before)
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

/** A reader that takes one chunk at a time, and what the model knows of it. */
interface Reader {
  readonly scope: Scope.CloseableScope
  readonly pull: Effect.Effect<Chunk.Chunk<Refusal>, Option.Option<never>>
  seen: number
  waiting: Fiber.RuntimeFiber<Chunk.Chunk<Refusal>, Option.Option<never>> | undefined
}

describe("stream, for any order of adding, reading, interrupting and ending", () => {
  it.effect.prop("gives each reader, in order, all but the oldest beyond 64", [
    FastCheck.array(step, { maxLength: 30 })
  ], ([
    steps
  ]) =>
    Effect.gen(function* () {
      const { listeners, log } = watched()
      const added: Array<Refusal> = []
      const readers = new Map<number, Reader>()
      let ended = false

      const open = Effect.gen(function* () {
        const scope = yield* Scope.make()
        const pull = yield* Scope.extend(Stream.toPull(refusalStream(log)), scope)
        const reader: Reader = { scope, pull, seen: 0, waiting: undefined }
        return reader
      })

      /** What the model says a reader gets now: refusals, the end, or nothing yet. */
      const due = (reader: Reader): ReadonlyArray<Refusal> | "end" | "nothing" => {
        const missed = added.slice(reader.seen)
        return missed.length > 0 ? missed.slice(-64) : ended ? "end" : "nothing"
      }

      const compare = Effect.gen(function* () {
        yield* settle
        for (const reader of readers.values()) {
          if (reader.waiting === undefined) continue
          const expected = due(reader)
          const exit = Option.getOrUndefined(yield* Fiber.poll(reader.waiting))
          if (expected === "nothing") {
            assert.isUndefined(exit, "a reader was woken for nothing")
            continue
          }
          if (exit === undefined) return assert.fail("a reader was not woken")
          if (expected === "end") assert.deepStrictEqual(exit, Exit.fail(Option.none()))
          else assertSame(Exit.isSuccess(exit) ? exit.value : [], expected)
          reader.seen = added.length
          reader.waiting = undefined
        }
        const waiting = Array.from(readers.values()).filter((reader) => reader.waiting !== undefined)
        assert.strictEqual(listeners(), waiting.length)
      })

      for (const step of steps) {
        if (step._tag === "Add") {
          const more = addAll(log, step.count)
          if (!ended) added.push(...more)
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
      assert.strictEqual(listeners(), 0)
      const counts = Object.values(log.counts()).reduce((sum, count) => sum + count, 0)
      assert.strictEqual(counts, added.length)
      for (const { scope } of readers.values()) yield* Scope.close(scope, Exit.void)
    }))
})
