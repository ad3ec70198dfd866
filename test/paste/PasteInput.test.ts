import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Exit, FastCheck, Fiber, Layer, Queue, Scope, Stream } from "effect"
import { setImmediate } from "node:timers"
import type { PasteRefusalReason } from "../../src/core/oauth/Refusal.ts"
import { PasteInput, readerOf } from "../../src/paste/PasteInput.ts"
import type { WaitingFlow } from "../../src/paste/PasteRouter.ts"

/** Lets every other fiber go as far as it can. */
const settle = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

/** A stream of pastes as a host has it, which knows how often it was started and how many of it run. */
const source = Effect.map(Queue.unbounded<string>(), (queue) => {
  const runs = { started: 0, running: 0, most: 0 }
  const lines = Stream.unwrapScoped(
    Effect.as(
      Effect.acquireRelease(
        Effect.sync(() => {
          runs.started++
          runs.running++
          runs.most = Math.max(runs.most, runs.running)
        }),
        // Letting go takes a while, as restoring a terminal does.
        () => Effect.zipRight(settle, Effect.sync(() => void runs.running--))
      ),
      Stream.fromQueue(queue)
    )
  )
  return { runs, lines, paste: (text: string) => Effect.zipRight(Queue.offer(queue, text), settle) }
})

/** A flow that takes everything with its key, and remembers what it was told. */
const flow = (key: string) => {
  const taken: Array<unknown> = []
  const refusals: Array<readonly [PasteRefusalReason, boolean]> = []
  const lengths: Array<number | undefined> = []
  const waiting: WaitingFlow = {
    key,
    offer: (parameters, characters) => {
      taken.push(parameters)
      lengths.push(characters)
      return undefined
    },
    refused: (reason, characters) => {
      refusals.push([reason, characters !== undefined])
      return characters !== undefined
    }
  }
  return { waiting, taken, refusals, lengths }
}

const address = (state: string) => `http://127.0.0.1:4321/callback?code=x&state=${state}`

/** Holds or registers until the effect that this gives is run. */
const until = (acquire: Effect.Effect<void, never, Scope.Scope>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    yield* Scope.extend(acquire, scope)
    return Scope.close(scope, Exit.void)
  })

describe("PasteInput.make", () => {
  it.effect("reads nothing until somebody holds it", () =>
    Effect.gen(function* () {
      const { lines, paste, runs } = yield* source
      const input = PasteInput.make(lines)
      yield* Effect.scoped(input.register(flow("s").waiting))
      yield* Effect.exit(input.submit("junk"))
      yield* paste("early")
      assert.strictEqual(runs.started, 0)
    }))

  it.effect("runs once for any number of holders, until the last one lets go, and again for the next", () =>
    Effect.gen(function* () {
      const { lines, runs } = yield* source
      const input = PasteInput.make(lines)
      for (let round = 1; round <= 3; round++) {
        const first = yield* until(input.hold)
        const second = yield* until(input.hold)
        yield* settle
        assert.deepStrictEqual(runs, { started: round, running: 1, most: 1 })
        yield* first
        yield* settle
        assert.strictEqual(runs.running, 1)
        yield* second
        assert.strictEqual(runs.running, 0, "the last one to let go waits until the reader has ended")
      }
    }))

  it.effect("leaves no fiber behind", () =>
    Effect.gen(function* () {
      const { lines, paste } = yield* source
      const input = PasteInput.make(lines)
      const before = new Set(Fiber.unsafeRoots())
      const added = () => Fiber.unsafeRoots().filter((fiber) => !before.has(fiber)).length
      const letGo = yield* until(input.hold)
      yield* paste("junk")
      assert.isAbove(added(), 0)
      yield* letGo
      assert.strictEqual(added(), 0)
    }))

  it.effect("leaves no fiber behind when its holder is interrupted at once", () =>
    Effect.gen(function* () {
      const { lines, runs } = yield* source
      const input = PasteInput.make(lines)
      const before = new Set(Fiber.unsafeRoots())
      for (let turns = 0; turns < 10; turns++) {
        const holder = yield* Effect.fork(Effect.scoped(Effect.zipRight(input.hold, Effect.never)))
        yield* Effect.repeatN(Effect.yieldNow(), turns)
        yield* Fiber.interrupt(holder)
        assert.strictEqual(runs.running, 0)
        assert.strictEqual(Fiber.unsafeRoots().filter((fiber) => !before.has(fiber)).length, 0)
      }
    }))

  it.effect("gives a paste to the flow it belongs to, and keeps what comes while nobody holds it for later", () =>
    Effect.gen(function* () {
      const { lines, paste } = yield* source
      const input = PasteInput.make(lines)
      const [one, other] = [flow("one"), flow("other")]
      yield* Effect.scoped(Effect.gen(function* () {
        yield* input.register(one.waiting)
        yield* input.register(other.waiting)
        const letGo = yield* until(input.hold)
        yield* paste(address("other"))
        assert.deepStrictEqual([one.taken.length, other.taken.length], [0, 1])
        yield* letGo
        yield* paste(address("one"))
        assert.strictEqual(one.taken.length, 0)
        const again = yield* until(input.hold)
        yield* settle
        assert.strictEqual(one.taken.length, 1)
        yield* again
      }))
    }))

  it.effect("tells of a wrong paste, and goes on", () =>
    Effect.gen(function* () {
      const { lines, paste } = yield* source
      const input = PasteInput.make(lines)
      const one = flow("one")
      yield* Effect.scoped(Effect.gen(function* () {
        yield* input.register(one.waiting)
        yield* input.hold
        yield* paste("junk")
        yield* paste(address("unknown"))
        yield* paste(`${address("one")}\r\n`)
      }))
      assert.deepStrictEqual(one.refusals, [["NotAResponse", true], ["StateMismatch", true]])
      assert.deepStrictEqual(one.lengths, [address("one").length])
    }))

  it.effect("is silent when its stream has ended: nobody is told, nobody is woken, and letting go works", () =>
    Effect.gen(function* () {
      const input = PasteInput.make(Stream.make("junk"))
      const one = flow("one")
      yield* Effect.scoped(Effect.gen(function* () {
        yield* input.register(one.waiting)
        const lines = yield* input.lines
        yield* input.hold
        yield* settle
        assert.deepStrictEqual(one.refusals, [["NotAResponse", true]])
        assert.strictEqual(yield* Queue.take(lines), "junk")
        const next = yield* Effect.fork(Queue.take(lines))
        yield* settle
        assert.strictEqual((yield* Fiber.poll(next))._tag, "None")
        yield* Fiber.interrupt(next)
        yield* input.submit(address("one"))
        assert.strictEqual(one.taken.length, 1)
      }))
    }))

  it.effect("survives a stream that breaks", () =>
    Effect.gen(function* () {
      const input = PasteInput.make(Stream.die(new Error("the box is gone")))
      const one = flow("one")
      yield* Effect.scoped(Effect.gen(function* () {
        yield* input.register(one.waiting)
        yield* input.hold
        yield* settle
        yield* input.submit(address("one"))
        assert.strictEqual(one.taken.length, 1)
      }))
    }))

  it.effect("survives a reader that lets go of it while it is called", () =>
    Effect.gen(function* () {
      const { lines, paste, runs } = yield* source
      const input = PasteInput.make(lines)
      yield* Effect.scoped(Effect.gen(function* () {
        const read = yield* input.lines
        const once = yield* Effect.fork(Effect.scoped(Effect.flatMap(input.lines, Queue.take)))
        yield* settle
        yield* paste("first")
        assert.strictEqual(yield* Fiber.join(once), "first")
        yield* paste("second")
        assert.deepStrictEqual(Array.from(yield* Queue.takeAll(read)), ["first", "second"])
      }))
      assert.strictEqual(runs.running, 0)
    }))
})

describe("available", () => {
  it.effect("is so of a stream, whether it is read or not", () =>
    Effect.gen(function* () {
      for (const lines of [Stream.never, Stream.empty, Stream.die("gone")]) {
        const input = PasteInput.make(lines)
        assert.isTrue(yield* input.available)
        yield* Effect.scoped(Effect.zipRight(input.hold, settle))
        assert.isTrue(yield* input.available)
      }
    }))
})

describe("a service with `lines` and `submit` alone", () => {
  /** As a host makes it: it knows nothing of flows. */
  const make = (more: Partial<PasteInput> = {}) =>
    Effect.map(Queue.unbounded<string>(), (queue) => {
      let held = 0
      const two: PasteInput = {
        lines: Effect.acquireRelease(Effect.sync(() => (held++, queue)), () => Effect.sync(() => held--)),
        submit: () => Effect.void,
        ...more
      }
      return {
        two,
        held: () => held,
        paste: (text: string) => Effect.zipRight(Queue.offer(queue, text), settle)
      }
    })

  it.effect("is read by one reader while somebody holds it, and routed by state", () =>
    Effect.gen(function* () {
      const { held, paste, two } = yield* make()
      const input = readerOf(two)
      const [one, other] = [flow("one"), flow("other")]
      yield* Effect.scoped(Effect.gen(function* () {
        yield* input.register(one.waiting)
        yield* input.register(other.waiting)
        assert.strictEqual(held(), 0)
        const [first, second] = [yield* until(input.hold), yield* until(input.hold)]
        yield* settle
        assert.strictEqual(held(), 1)
        yield* paste(`${address("other")}\n`)
        yield* paste("junk")
        yield* first
        yield* paste(address("one"))
        yield* second
        assert.strictEqual(held(), 0)
      }))
      assert.deepStrictEqual([one.lengths, other.lengths], [[address("one").length], [address("other").length]])
      assert.deepStrictEqual(one.refusals, [["NotAResponse", true]])
    }))

  it.effect("is one service for all flows, however often it is asked for", () =>
    Effect.gen(function* () {
      const { two } = yield* make()
      assert.strictEqual(readerOf(two), readerOf(two))
      const { two: another } = yield* make()
      assert.notStrictEqual(readerOf(two), readerOf(another))
    }))

  it.effect("may say whether one can paste, and else it is so", () =>
    Effect.gen(function* () {
      assert.isTrue(yield* readerOf((yield* make()).two).available)
      let answer = false
      const { two } = yield* make({ available: Effect.sync(() => answer) })
      assert.isFalse(yield* readerOf(two).available)
      answer = true
      assert.isTrue(yield* readerOf(two).available)
    }))

  it.effect("keeps what a host routes and holds itself, and is only asked what it says", () =>
    Effect.gen(function* () {
      const registered: Array<string> = []
      let held = 0
      const own = {
        register: ({ key }: WaitingFlow) => Effect.sync(() => void registered.push(key)),
        hold: Effect.sync(() => void held++)
      }
      for (const available of [undefined, Effect.succeed(false)]) {
        const { two } = yield* make({ ...own, ...available !== undefined && { available } })
        const input = readerOf(two)
        yield* Effect.scoped(Effect.zipRight(input.register(flow("one").waiting), input.hold))
        assert.strictEqual(yield* input.available, available === undefined)
        assert.strictEqual(input.lines, two.lines)
        assert.strictEqual(input.submit, two.submit)
      }
      assert.deepStrictEqual([registered, held], [["one", "one"], 2])
    }))
})

describe("lines", () => {
  it.effect("holds the reader, and gives every listener every block of text as it came", () =>
    Effect.gen(function* () {
      const { lines, paste, runs } = yield* source
      const input = PasteInput.make(lines)
      yield* Effect.scoped(Effect.gen(function* () {
        const [one, other] = [yield* input.lines, yield* input.lines]
        yield* settle
        assert.strictEqual(runs.running, 1)
        yield* paste(" a\nb ")
        yield* paste("")
        for (const queue of [one, other]) {
          assert.deepStrictEqual(Array.from(yield* Queue.takeAll(queue)), [" a\nb ", ""])
        }
      }))
      assert.strictEqual(runs.running, 0)
    }))

  it.effect("ends for its listener with the scope", () =>
    Effect.gen(function* () {
      const { lines } = yield* source
      const queue = yield* Effect.scoped(PasteInput.make(lines).lines)
      assert.isTrue(yield* Queue.isShutdown(queue))
    }))
})

describe("submit", () => {
  it.effect("gives text to the flow whose state it carries", () =>
    Effect.gen(function* () {
      const input = PasteInput.make(Stream.never)
      const [one, other] = [flow("one"), flow("other")]
      yield* Effect.scoped(Effect.gen(function* () {
        yield* input.register(one.waiting)
        yield* input.register(other.waiting)
        yield* input.submit(address("other"))
      }))
      assert.deepStrictEqual([one.taken.length, other.taken.length], [0, 1])
      // Without its length nobody is told: the caller knows.
      assert.deepStrictEqual(other.lengths, [undefined])
    }))

  it.effect("fails with the sentence for the person, and leaves the telling to the caller", () =>
    Effect.gen(function* () {
      const input = PasteInput.make(Stream.never)
      const one = flow("one")
      yield* Effect.scoped(Effect.gen(function* () {
        yield* input.register(one.waiting)
        const refused = yield* Effect.flip(input.submit(address("unknown")))
        assert.strictEqual(refused._tag, "PasteRefused")
        assert.strictEqual(refused.reason, "StateMismatch")
        assert.include(refused.message, "belongs to another sign-in")
        assert.notInclude(JSON.stringify(refused) + String(refused), "unknown")
      }))
      assert.deepStrictEqual(one.refusals, [["StateMismatch", false]])
    }))

  it.effect("reaches a flow only while it is registered", () =>
    Effect.gen(function* () {
      const input = PasteInput.make(Stream.never)
      const one = flow("one")
      yield* Effect.scoped(input.register(one.waiting))
      assert.isTrue(Either.isLeft(yield* Effect.either(input.submit(address("one")))))
      assert.strictEqual(one.taken.length, 0)
    }))

  it.effect("is found under the tag it is provided as", () =>
    Effect.gen(function* () {
      const input = yield* PasteInput
      assert.strictEqual((yield* Effect.flip(input.submit(""))).reason, "Empty")
    }).pipe(Effect.provide(Layer.succeed(PasteInput, PasteInput.make(Stream.never)))))
})

describe("hold, for any order of holding and letting go", () => {
  const steps = FastCheck.array(
    FastCheck.tuple(FastCheck.nat({ max: 4 }), FastCheck.constantFrom("wait", "go on")),
    { maxLength: 25 }
  )

  it.effect.prop(
    "has the reader run exactly while somebody holds it, and never twice at once",
    [steps],
    ([steps]) =>
      Effect.gen(function* () {
        const { lines, paste, runs } = yield* source
        const input = PasteInput.make(lines)
        const one = flow("one")
        const scope = yield* Scope.make()
        yield* Scope.extend(input.register(one.waiting), scope)
        const before = new Set(Fiber.unsafeRoots())
        const holders = new Map<number, Effect.Effect<void>>()
        const inTheBackground: Array<Fiber.RuntimeFiber<void>> = []
        let pasted = 0
        for (const [holder, manner] of steps) {
          const letGo = holders.get(holder)
          if (letGo === undefined) holders.set(holder, yield* until(input.hold))
          else {
            holders.delete(holder)
            // Others hold and let go while this one is still on its way out.
            if (manner === "wait") yield* letGo
            else {
              inTheBackground.push(yield* Effect.fork(letGo))
              yield* Effect.repeatN(Effect.yieldNow(), 5)
            }
          }
          if (manner === "wait") {
            yield* Fiber.joinAll(inTheBackground.splice(0))
            yield* settle
            while (holders.size === 0 && runs.running > 0) yield* settle
            assert.strictEqual(runs.running, holders.size > 0 ? 1 : 0)
            yield* paste(address("one"))
            pasted++
            if (holders.size > 0) assert.strictEqual(one.taken.length, pasted)
          }
        }
        for (const letGo of holders.values()) yield* letGo
        yield* Fiber.joinAll(inTheBackground)
        // On a busy machine a reader may need longer than letting go of it waits.
        while (runs.running > 0) yield* settle
        assert.isAtMost(runs.most, 1)
        assert.strictEqual(Fiber.unsafeRoots().filter((fiber) => !before.has(fiber)).length, 0)
        yield* Scope.close(scope, Exit.void)
      })
  )
})
