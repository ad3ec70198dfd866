import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Deferred, Effect, Exit, Fiber, FiberRef, Scope } from "effect"
import { within } from "../../src/flow/within.ts"

class Name extends Context.Tag("test/Name")<Name, string>() {}

/** What is released, in order. */
const journal = () => {
  const log: Array<string> = []
  return { log, write: (text: string) => Effect.sync(() => void log.push(text)) }
}

/** As `CallbackFlow.run` uses it. */
const run = <A, E, R>(use: Effect.Effect<A, E, R>, release: Effect.Effect<void> = Effect.void) =>
  Effect.uninterruptibleMask((restore) => within(() => restore(use), () => release))

const services = Effect.map(Effect.context<never>(), ({ unsafeMap }) => [...unsafeMap.keys()].sort())

const ends: Readonly<Record<string, Effect.Effect<string, string, Scope.Scope>>> = {
  "a value": Effect.succeed("a"),
  "an error": Effect.fail("e"),
  "a defect": Effect.die("d"),
  "an interrupt of its own": Effect.interrupt
}

describe("within", () => {
  for (const [what, use] of Object.entries(ends)) {
    it.effect(`ends with ${what} as Effect.scoped does, and leaves the context as it was`, () =>
      Effect.gen(function* () {
        const before = yield* services
        const exit = yield* Effect.exit(run(use))
        assert.deepStrictEqual(exit, yield* Effect.exit(Effect.scoped(use)))
        assert.deepStrictEqual(yield* services, before)
      }).pipe(Effect.provideService(Name, "outer")))
  }

  it.effect("gives a scope of its own, which closes with the exit, last first, and then releases", () =>
    Effect.gen(function* () {
      const { log, write } = journal()
      const use = Effect.gen(function* () {
        yield* Effect.addFinalizer((exit) => write(`first: ${exit._tag}`))
        yield* Effect.addFinalizer((exit) => write(`second: ${exit._tag}`))
        return yield* Effect.fail("e")
      })
      yield* Effect.exit(run(use, write("release")))
      assert.deepStrictEqual(log, ["second: Failure", "first: Failure", "release"])
    }))

  it.effect("releases whatever a finalizer dies of, and dies of it as Effect.scoped does", () =>
    Effect.gen(function* () {
      const { log, write } = journal()
      const use = Effect.as(Effect.addFinalizer(() => Effect.die("d")), "a")
      const exit = yield* Effect.exit(run(use, write("release")))
      assert.deepStrictEqual(exit, yield* Effect.exit(Effect.scoped(use)))
      assert.deepStrictEqual(log, ["release"])
      const both = Effect.zipRight(Effect.addFinalizer(() => Effect.die("d")), Effect.fail("e"))
      assert.deepStrictEqual(yield* Effect.exit(run(both)), yield* Effect.exit(Effect.scoped(both)))
    }))

  it.effect("releases when what uses it throws", () =>
    Effect.gen(function* () {
      const { log, write } = journal()
      const thrown = new Error("thrown")
      const throws = (): Effect.Effect<never> => {
        throw thrown
      }
      const exit = yield* Effect.exit(Effect.uninterruptible(within(throws, () => write("release"))))
      assert.deepStrictEqual(exit, Exit.die(thrown))
      assert.deepStrictEqual(log, ["release"])
    }))

  it.live("is interrupted as it waits: closed, released, and the caller's context is there for the caller's own finalizers", () =>
    Effect.gen(function* () {
      const { log, write } = journal()
      const waits = yield* Deferred.make<void>()
      const use = Effect.gen(function* () {
        yield* Effect.addFinalizer((exit) => write(`closed: ${Exit.isInterrupted(exit)}`))
        yield* Effect.zipRight(Deferred.succeed(waits, undefined), Effect.never)
      })
      const before = yield* services
      const fiber = yield* Effect.fork(
        Effect.ensuring(run(use, write("release")), Effect.flatMap(services, (names) => write(names.join())))
      )
      yield* Deferred.await(waits)
      const exit = yield* Fiber.interrupt(fiber)
      assert.isTrue(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause))
      assert.deepStrictEqual(log, ["closed: true", "release", before.join()])
    }))

  it.effect("lets its effect see the caller's services and references, and change references for the caller", () =>
    Effect.gen(function* () {
      const ref = FiberRef.unsafeMake("before")
      const use = Effect.gen(function* () {
        const name = yield* Name
        const seen = yield* FiberRef.get(ref)
        yield* FiberRef.set(ref, "changed")
        return [name, seen]
      })
      const same = (how: typeof run) =>
        Effect.gen(function* () {
          yield* FiberRef.set(ref, "set")
          return [yield* how(use), yield* FiberRef.get(ref)]
        })
      assert.deepStrictEqual(yield* same(run), [["outer", "set"], "changed"])
      assert.deepStrictEqual(yield* same(run), yield* same(Effect.scoped as typeof run))
    }).pipe(Effect.provideService(Name, "outer")))

  it.effect("nests: each has its own scope, and the outer one is there again after the inner", () =>
    Effect.gen(function* () {
      const { log, write } = journal()
      yield* run(
        Effect.gen(function* () {
          const outer = yield* Effect.scope
          const inner = yield* run(Effect.scope, write("inner"))
          assert.notStrictEqual(inner, outer)
          assert.strictEqual(yield* Effect.scope, outer)
          yield* Effect.addFinalizer(() => write("outer's finalizer"))
        }),
        write("outer")
      )
      assert.deepStrictEqual(log, ["inner", "outer's finalizer", "outer"])
    }))

  it.live("gives the scope to what its effect forks, also when that lives longer", () =>
    Effect.gen(function* () {
      const fiber = yield* run(Effect.forkDaemon(Effect.zipRight(Effect.sleep("5 millis"), Effect.scope)))
      const scope = yield* Fiber.join(fiber)
      const late: Array<string> = []
      yield* Scope.addFinalizer(scope, Effect.sync(() => void late.push("at once")))
      assert.deepStrictEqual(late, ["at once"])
    }))
})
