import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, FastCheck, Fiber, FiberRef, HashSet, Logger, LogLevel } from "effect"
import { setImmediate } from "node:timers/promises"
import * as Flight from "../../src/mcp/Flight.ts"
import { until } from "../fixtures/Harness.ts"
import { atEachStep } from "../fixtures/InterruptAtEachStep.ts"

/** Lets every fiber go on until it waits for something. */
const settle = Effect.repeatN(Effect.promise(() => setImmediate()), 1)

const keep = { keep: true }
const leave = { keep: false }

/** Something to run, ended from outside, that takes its time to release what it holds. */
const makeWork = Effect.gen(function* () {
  const end = yield* Deferred.make<void, string>()
  const release = yield* Deferred.make<void>()
  const work = {
    end,
    release,
    /** `releasing`: it was ended, by whatever, and still holds something. */
    phase: "waiting" as "waiting" | "running" | "releasing" | "released",
    exit: undefined as Exit.Exit<void, string> | undefined,
    effect: Effect.void as Effect.Effect<void, string>
  }
  work.effect = Effect.onExit(
    Effect.acquireUseRelease(
      Effect.sync(() => void (work.phase = "running")),
      () => Deferred.await(end),
      () => Effect.zipRight(Effect.sync(() => void (work.phase = "releasing")), Deferred.await(release))
    ),
    (exit) =>
      Effect.sync(() => {
        work.phase = "released"
        work.exit = exit
      })
  )
  return work
})

/** Starts something in a fiber that waits for it, and lets it begin. */
const launch = <Kind, E>(
  flight: Flight.Flight<Kind, E>,
  kind: Kind,
  effect: Effect.Effect<void, E>,
  options: { readonly keep: boolean } = leave
) =>
  Effect.gen(function* () {
    const starter = yield* Effect.fork(flight.start(kind, effect, options))
    yield* settle
    return { starter, run: flight.running() ?? assert.fail("nothing runs") }
  })

describe("a run", () => {
  it.effect("is none at first, and ending none does nothing", () =>
    Effect.gen(function* () {
      const flight = Flight.make<string, never>()
      assert.isUndefined(flight.running())
      yield* flight.interrupt
      assert.isUndefined(flight.running())
    }))

  it.effect("begins when it is asked for, and not before", () =>
    Effect.gen(function* () {
      const flight = Flight.make<string, never>()
      const unused = flight.start("token", Effect.void, leave)
      yield* settle
      assert.isUndefined(flight.running())
      assert.isTrue(yield* unused)
    }))

  it.effect("is known by its kind while it runs, and gone when it is done", () =>
    Effect.gen(function* () {
      const flight = Flight.make<string, string>()
      const work = yield* makeWork
      const { run, starter } = yield* launch(flight, "token", work.effect)
      assert.strictEqual(run.kind, "token")
      yield* Deferred.succeed(work.end, undefined)
      yield* settle
      // It still holds what it has to release.
      assert.strictEqual(flight.running(), run)
      assert.isNull(starter.unsafePoll())
      yield* Deferred.succeed(work.release, undefined)
      assert.isTrue(yield* Fiber.join(starter))
      assert.isUndefined(flight.running())
    }))

  it.effect("runs once for all who start or join it, and all get what came of it", () =>
    Effect.gen(function* () {
      const flight = Flight.make<string, string>()
      let runs = 0
      const gate = yield* Deferred.make<void>()
      const effect = Effect.zipRight(Effect.sync(() => void runs++), Deferred.await(gate))
      const { run, starter } = yield* launch(flight, "token", effect)
      const waiters = yield* Effect.forEach(Array.from({ length: 100 }), () =>
        Effect.all([Effect.fork(run.join(leave)), Effect.fork(flight.start("logout", effect, leave))]))
      yield* settle
      assert.strictEqual(flight.running()?.kind, "token")
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual(new Set(yield* Fiber.join(Fiber.all([starter, ...waiters.flat()]))), new Set([true]))
      assert.strictEqual(runs, 1)
    }))

  it.effect.each<[string, Effect.Effect<void, string>, Exit.Exit<boolean, string>]>([
    ["a success", Effect.void, Exit.succeed(true)],
    ["a failure", Effect.fail("no"), Exit.fail("no")],
    ["a defect", Effect.die("odd"), Exit.die("odd")]
  ])("gives %s to all, and to whoever comes late", ([, effect, expected]) =>
    Effect.gen(function* () {
      const flight = Flight.make<string, string>()
      const gate = yield* Deferred.make<void>()
      const { run, starter } = yield* launch(flight, "token", Effect.zipRight(Deferred.await(gate), effect))
      const waiters = yield* Effect.forEach([keep, leave, leave], (options) => Effect.fork(run.join(options)))
      yield* settle
      yield* Deferred.succeed(gate, undefined)
      for (const waiter of [starter, ...waiters]) assert.deepStrictEqual(yield* Fiber.await(waiter), expected)
      assert.deepStrictEqual(yield* Effect.exit(run.join(leave)), expected)
      assert.isUndefined(flight.running())
    }))

  it.live("is ended when it was superseded, also by one that is ended before its first step", () =>
    Effect.gen(function* () {
      const flight = Flight.make<string, string>()
      const work = yield* makeWork
      yield* launch(flight, "token", work.effect, keep)
      yield* settle
      assert.strictEqual(work.phase, "running")
      // In one turn: nobody has taken a step meanwhile.
      const closing = yield* Effect.sync(() => {
        Effect.runFork(flight.supersede("logout", Effect.never, keep))
        return Effect.runFork(flight.interrupt)
      })
      yield* settle
      assert.strictEqual(work.phase, "releasing")
      yield* Deferred.succeed(work.release, undefined)
      yield* Fiber.join(closing)
      assert.strictEqual(work.phase, "released")
      assert.isUndefined(flight.running())
    }))

  it.effect("that interrupts itself is a failure, and nobody is told to look again", () =>
    Effect.gen(function* () {
      const flight = Flight.make<string, never>()
      const exit = yield* Effect.exit(flight.start("token", Effect.interrupt, leave))
      assert.isTrue(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause))
    }))

  it.effect("goes on when whoever started it is gone, as long as somebody waits", () =>
    Effect.gen(function* () {
      const flight = Flight.make<string, string>()
      const work = yield* makeWork
      yield* Deferred.succeed(work.release, undefined)
      const { run, starter } = yield* launch(flight, "token", work.effect)
      const waiter = yield* Effect.fork(run.join(leave))
      yield* settle
      yield* Fiber.interrupt(starter)
      yield* settle
      assert.strictEqual(work.phase, "running")
      yield* Deferred.succeed(work.end, undefined)
      assert.isTrue(yield* Fiber.join(waiter))
    }))

  it.effect("can be interrupted where it was started uninterruptibly", () =>
    Effect.gen(function* () {
      const flight = Flight.make<string, never>()
      const starter = yield* Effect.fork(Effect.uninterruptible(flight.start("token", Effect.never, leave)))
      yield* settle
      yield* flight.interrupt
      assert.isFalse(yield* Fiber.join(starter))
    }))

  it.effect("makes room for the next one, which is another", () =>
    Effect.gen(function* () {
      const flight = Flight.make<string, string>()
      const gate = yield* Deferred.make<void, string>()
      const first = yield* launch(flight, "token", Deferred.await(gate))
      yield* Deferred.fail(gate, "no")
      yield* Fiber.await(first.starter)
      const work = yield* makeWork
      const second = yield* launch(flight, "logout", work.effect)
      assert.notStrictEqual(first.run, second.run)
      // Whoever was with the first has no part in the second.
      assert.deepStrictEqual(yield* Effect.exit(first.run.join(leave)), Exit.fail("no"))
      yield* settle
      assert.strictEqual(work.phase, "running")
      yield* Deferred.succeed(work.release, undefined)
      yield* flight.interrupt
      assert.isFalse(yield* Fiber.join(second.starter))
    }))

  it.effect("that fails is not logged: an error may hold what no log may", () =>
    Effect.gen(function* () {
      const lines: Array<unknown> = []
      const logger = Logger.make(({ message }) => void lines.push(message))
      yield* Effect.exit(Flight.make<string, string>().start("token", Effect.fail("secret"), leave)).pipe(
        Effect.locally(FiberRef.currentLoggers, HashSet.make(logger)),
        Logger.withMinimumLogLevel(LogLevel.All)
      )
      assert.deepStrictEqual(lines, [])
    }))

  it.effect("sees what is provided where it is started", () =>
    Effect.gen(function* () {
      const flight = Flight.make<string, never>()
      let seen: ReadonlyArray<unknown> = []
      const look = Effect.map(FiberRef.get(FiberRef.currentLogAnnotations), (all) => void (seen = [...all]))
      yield* Effect.annotateLogs(flight.start("token", look, leave), "server", "a")
      assert.deepStrictEqual(seen, [["server", "a"]])
    }))
})

describe("leaving", () => {
  /** A run that releases at once, with waiters that joined in order. */
  const joined = (...options: ReadonlyArray<{ readonly keep: boolean }>) =>
    Effect.gen(function* () {
      const flight = Flight.make<string, string>()
      const work = yield* makeWork
      yield* Deferred.succeed(work.release, undefined)
      const { run, starter } = yield* launch(flight, "token", work.effect, options[0])
      const others = yield* Effect.forEach(options.slice(1), (each) => Effect.fork(run.join(each)))
      yield* settle
      return { flight, work, run, waiters: [starter, ...others] }
    })

  it.effect("the last waiter to leave ends the run", () =>
    Effect.gen(function* () {
      const { flight, waiters, work } = yield* joined(leave, leave, leave)
      for (const waiter of waiters) {
        assert.strictEqual(work.phase, "running")
        yield* Fiber.interrupt(waiter)
        yield* settle
      }
      assert.strictEqual(work.phase, "released")
      assert.isUndefined(flight.running())
    }))

  it.live("waits for the end of the run for a second, and no longer", () =>
    Effect.gen(function* () {
      const flight = Flight.make<string, string>()
      const work = yield* makeWork
      const { starter } = yield* launch(flight, "token", work.effect)
      const before = performance.now()
      yield* Fiber.interrupt(starter)
      assert.isAtLeast(performance.now() - before, 900)
      assert.strictEqual(work.phase, "releasing")
      yield* Deferred.succeed(work.release, undefined)
      yield* settle
      assert.strictEqual(work.phase, "released")
    }))

  it.effect("the last one leaves when what the run held is released", () =>
    Effect.gen(function* () {
      const { waiters, work } = yield* joined(leave)
      yield* Fiber.interrupt(waiters[0]!)
      assert.strictEqual(work.phase, "released")
    }))

  it.effect.each<readonly [ReadonlyArray<{ readonly keep: boolean }>]>([[[keep]], [[keep, leave]], [[leave, keep]], [[
    leave,
    keep,
    leave
  ]]])("keeps the run for %j", ([
    options
  ]) =>
    Effect.gen(function* () {
      const { flight, run, waiters, work } = yield* joined(...options)
      yield* Effect.forEach(waiters, Fiber.interrupt)
      yield* settle
      assert.strictEqual(work.phase, "running")
      assert.strictEqual(flight.running(), run)
      yield* Deferred.succeed(work.end, undefined)
      assert.isTrue(yield* run.join(leave))
    }))

  it.effect("one who starts what already runs with keep keeps it", () =>
    Effect.gen(function* () {
      const { flight, run, waiters, work } = yield* joined(leave)
      const keeper = yield* Effect.fork(flight.start("token", Effect.never, keep))
      yield* settle
      yield* Effect.forEach([...waiters, keeper], Fiber.interrupt)
      yield* settle
      assert.strictEqual(flight.running(), run)
      assert.strictEqual(work.phase, "running")
      yield* flight.interrupt
    }))

  it.effect("a kept run says nothing about the next one", () =>
    Effect.gen(function* () {
      const { flight, waiters, work } = yield* joined(keep)
      yield* Deferred.succeed(work.end, undefined)
      yield* Effect.forEach(waiters, Fiber.await)
      const next = yield* launch(flight, "token", Effect.never)
      yield* Fiber.interrupt(next.starter)
      yield* settle
      assert.isUndefined(flight.running())
    }))

  it.live("whoever joins while it ends is told to look again", () =>
    Effect.gen(function* () {
      const flight = Flight.make<string, string>()
      const work = yield* makeWork
      const { run, starter } = yield* launch(flight, "token", work.effect)
      yield* Fiber.interrupt(starter)
      yield* settle
      assert.strictEqual(flight.running(), run)
      const second = yield* Effect.fork(run.join(keep))
      const third = yield* Effect.fork(flight.start("token", Effect.die("two at a time"), keep))
      yield* settle
      yield* Deferred.succeed(work.release, undefined)
      assert.isFalse(yield* Fiber.join(second))
      assert.isFalse(yield* Fiber.join(third))
    }))

  it.effect("can be done where the waiter may not be interrupted elsewhere", () =>
    Effect.gen(function* () {
      const { waiters, work } = yield* Effect.uninterruptible(joined(leave))
      yield* Fiber.interrupt(waiters[0]!)
      yield* settle
      assert.strictEqual(work.phase, "released")
    }))

  it.effect("a waiter that was interrupted before it began leaves nothing behind", () =>
    Effect.gen(function* () {
      const { run, waiters, work } = yield* joined(leave)
      const never = yield* Effect.fork(run.join(keep))
      yield* Fiber.interrupt(never)
      yield* Fiber.interrupt(waiters[0]!)
      yield* settle
      assert.strictEqual(work.phase, "released")
    }))

  it.effect("a run that fails while it is ended tells why", () =>
    Effect.gen(function* () {
      const flight = Flight.make<string, string>()
      const effect = Effect.onInterrupt(Effect.never, () => Effect.die("odd"))
      const { starter } = yield* launch(flight, "token", effect)
      yield* flight.interrupt
      const exit = yield* Fiber.await(starter)
      assert.deepStrictEqual([...Exit.isFailure(exit) ? Cause.defects(exit.cause) : []], ["odd"])
    }))

  it.effect("a run that cannot be interrupted ends as it ends", () =>
    Effect.gen(function* () {
      const flight = Flight.make<string, string>()
      const gate = yield* Deferred.make<void, string>()
      const { starter } = yield* launch(flight, "token", Effect.uninterruptible(Deferred.await(gate)))
      const ending = yield* Effect.fork(flight.interrupt)
      yield* settle
      assert.isNull(ending.unsafePoll())
      yield* Deferred.fail(gate, "no")
      const exit = yield* Fiber.await(starter)
      assert.deepStrictEqual([...Exit.isFailure(exit) ? Cause.failures(exit.cause) : []], ["no"])
      yield* Fiber.join(ending)
    }))
})

describe("interrupt", () => {
  it.effect("waits until everything is released, and tells all to look again", () =>
    Effect.gen(function* () {
      const flight = Flight.make<string, string>()
      const work = yield* makeWork
      const { run, starter } = yield* launch(flight, "token", work.effect)
      const waiters = yield* Effect.forEach([keep, leave], (options) => Effect.fork(run.join(options)))
      yield* settle
      const endings = [yield* Effect.fork(flight.interrupt), yield* Effect.fork(flight.interrupt)]
      yield* settle
      assert.strictEqual(work.phase, "releasing")
      for (const fiber of [...endings, starter, ...waiters]) assert.isNull(fiber.unsafePoll())
      yield* Deferred.succeed(work.release, undefined)
      yield* Fiber.joinAll(endings)
      assert.isUndefined(flight.running())
      for (const waiter of [starter, ...waiters]) assert.isFalse(yield* Fiber.join(waiter))
    }))

  it.effect("ends a run that did not begin yet", () =>
    Effect.gen(function* () {
      const flight = Flight.make<string, string>()
      let begun = false
      const effect = Effect.zipRight(Effect.sync(() => void (begun = true)), Effect.never)
      const starter = yield* Effect.fork(flight.start("token", effect, leave))
      while (flight.running() === undefined) yield* Effect.yieldNow()
      yield* flight.interrupt
      assert.isUndefined(flight.running())
      const exit = yield* Fiber.await(starter)
      assert.deepStrictEqual(exit, Exit.succeed(false))
      assert.isFalse(begun)
    }))
})

describe("interrupted at whichever of its steps", () => {
  for (const way of ["start", "supersede"] as const) {
    it.live(`${way} ends, and leaves nothing running`, () =>
      Effect.gen(function* () {
        let inside = 0
        const held = Effect.acquireUseRelease(
          Effect.sync(() => void inside++),
          () => Effect.sleep(1),
          () => Effect.sync(() => void inside--)
        )
        const starting = Effect.suspend(() => {
          const flight = Flight.make<string, never>()
          const other = flight.start("logout", held, keep)
          return Effect.zipRight(Effect.forkDaemon(other), flight[way]("token", held, leave))
        })
        const { hanging, tried } = yield* atEachStep(starting, { of: "all" })
        assert.deepStrictEqual(hanging, [])
        assert.isAbove(tried, 100)
        yield* until(() => inside === 0)
      }), 30_000)
  }
})

/** What the schedules of the property are made of. `who` picks one of those there are. */
type Action =
  | { readonly do: "interrupt" | "settle" | "release" }
  | { readonly do: "join" | "start"; readonly keep: boolean }
  | { readonly do: "leave"; readonly who: number }
  | { readonly do: "finish"; readonly with: "success" | "failure" | "defect" | "interruption" }

// Mostly without `keep`, or nearly every run would be kept.
const keeping = FastCheck.constantFrom(false, false, false, true)

const action: FastCheck.Arbitrary<Action> = FastCheck.oneof(
  { weight: 5, arbitrary: keeping.map((keep): Action => ({ do: "start", keep })) },
  { weight: 3, arbitrary: keeping.map((keep): Action => ({ do: "join", keep })) },
  { weight: 6, arbitrary: FastCheck.nat(99).map((who): Action => ({ do: "leave", who })) },
  {
    weight: 2,
    arbitrary: FastCheck.constantFrom(
      "success" as const,
      "failure" as const,
      "defect" as const,
      "interruption" as const
    ).map((how): Action => ({
      do: "finish",
      with: how
    }))
  },
  { weight: 1, arbitrary: FastCheck.constant<Action>({ do: "interrupt" }) },
  { weight: 2, arbitrary: FastCheck.constant<Action>({ do: "release" }) },
  { weight: 6, arbitrary: FastCheck.constant<Action>({ do: "settle" }) }
)

type Work = Effect.Effect.Success<typeof makeWork>

interface Waiter {
  readonly fiber: Fiber.RuntimeFiber<boolean, string>
  readonly keep: boolean
  /** What it would have run, had nothing run. */
  readonly work: Work | undefined
  /** It surely waits by now. */
  sure: boolean
  left: boolean
}

describe("any schedule", () => {
  it.effect.prop("leaves nobody hanging, and nothing running that nobody waits for", [
    FastCheck.array(action, { minLength: 3, maxLength: 30 }),
    // How many operations a fiber does before others have their turn: 2048 unless somebody sets it. With less than ten
    // it gets nowhere: yielding is made of operations too.
    FastCheck.constantFrom(12, 13, 14, 15, 17, 20, 30, 2048)
  ], ([actions, operations]) =>
    Effect.gen(function* () {
      const flight = Flight.make<string, string>()
      const busy = Effect.withMaxOpsBeforeYield(operations)
      const works: Array<Work> = []
      const waiters: Array<Waiter> = []
      const endings: Array<Fiber.RuntimeFiber<void>> = []
      /** Of the work that runs: who was ever with it, and what may have ended it. */
      let run: Flight.Running<string, string> | undefined
      let crew: Array<Waiter> = []
      let ended = false
      /** Somebody left while somebody came: it may go on, or not. */
      let unsure = false
      /** The same since the last look: it may be about a run that began since. */
      const recent = { ended: false, left: false, unsure: false }

      const active = () => works.filter(({ phase }) => phase === "running" || phase === "releasing")
      /** Looks at everything when nothing is on its way. */
      const check = Effect.gen(function* () {
        yield* settle
        assert.isAtMost(active().length, 1)
        assert.strictEqual(active().length === 0, flight.running() === undefined)
        if (flight.running() !== run) {
          // Whoever is still waiting is with the new one; everybody else has an answer.
          run = flight.running()
          crew = []
          ended = false
          unsure = false
        }
        ended ||= recent.ended
        unsure ||= recent.unsure
        Object.assign(recent, { ended: false, left: false, unsure: false })
        for (const waiter of waiters) {
          if (waiter.fiber.unsafePoll() !== null) continue
          assert.isDefined(run, "somebody waits for nothing")
          if (!crew.includes(waiter)) crew.push(waiter)
          waiter.sure = true
        }
        const [work] = active()
        if (work === undefined || ended || unsure) return
        const abandoned = crew.length > 0 && crew.every(({ left }) => left) && !crew.some(({ keep }) => keep)
        assert.strictEqual(work.phase, abandoned ? "releasing" : "running")
        ended = abandoned
      })
      const enter = (effect: Effect.Effect<boolean, string>, keep: boolean, work: Work | undefined) =>
        Effect.map(Effect.fork(busy(effect)), (fiber) => {
          const waiter = { fiber, keep, work, sure: false, left: false }
          waiters.push(waiter)
          recent.unsure ||= recent.left
          if (flight.running() !== undefined) crew.push(waiter)
        })
      const perform = (action: Action) =>
        Effect.gen(function* () {
          switch (action.do) {
            case "start": {
              const work = yield* makeWork
              works.push(work)
              return yield* enter(flight.start("token", busy(work.effect), action), action.keep, work)
            }
            case "join": {
              const running = flight.running()
              return running === undefined ? undefined : yield* enter(running.join(action), action.keep, undefined)
            }
            case "leave": {
              const here = waiters.filter(({ fiber, left }) => !left && fiber.unsafePoll() === null)
              const waiter = here[action.who % here.length]
              if (waiter === undefined) return
              waiter.left = true
              recent.left = true
              recent.unsure ||= here.some(({ sure }) => !sure)
              return yield* Fiber.interruptFork(waiter.fiber)
            }
            case "finish": {
              const [work] = active()
              if (work === undefined) return
              recent.ended = true
              switch (action.with) {
                case "success":
                  return yield* Deferred.succeed(work.end, undefined)
                case "failure":
                  return yield* Deferred.fail(work.end, "failure")
                case "defect":
                  return yield* Deferred.die(work.end, "defect")
                case "interruption":
                  return yield* Deferred.interrupt(work.end)
              }
              break
            }
            case "interrupt": {
              const before = flight.running()
              recent.ended = true
              const ending = Effect.map(busy(flight.interrupt), () => {
                // Over means over: what ran when it was asked for is released, and another may run by now.
                if (before !== undefined) assert.notStrictEqual(flight.running(), before)
              })
              return endings.push(yield* Effect.fork(ending))
            }
            case "release": {
              const [work] = active()
              return work === undefined ? undefined : yield* Deferred.succeed(work.release, undefined)
            }
            case "settle":
              return yield* check
          }
        })
      for (const action of actions) yield* perform(action)
      yield* check

      // Everything is let go, and then nobody may be left.
      for (const { end, release } of works) {
        yield* Deferred.succeed(end, undefined)
        yield* Deferred.succeed(release, undefined)
      }
      yield* settle
      yield* settle
      assert.isUndefined(flight.running())
      assert.strictEqual(active().length, 0)
      for (const ending of endings) assert.deepStrictEqual(ending.unsafePoll(), Exit.void)
      for (const { fiber, left } of waiters) {
        const result = fiber.unsafePoll() ?? assert.fail("somebody hangs")
        if (left || Exit.isSuccess(result)) continue
        // Whoever stayed is not interrupted by others' leaving, and gets a failure only from something that failed.
        const [failed] = works.filter(({ exit }) =>
          exit !== undefined && Exit.isFailure(exit) && Cause.pretty(exit.cause) === Cause.pretty(result.cause)
        )
        assert.isDefined(failed)
        assert.isTrue(actions.some((action) => action.do === "finish" && action.with !== "success"))
      }
      // What ran, ran for somebody, and what did not run is not half done.
      for (const { exit, phase } of works) assert.strictEqual(phase === "released", exit !== undefined)
    }), { timeout: 60_000, fastCheck: { numRuns: 300 } })
})

describe("one step", () => {
  const operations = Array.from({ length: 30 }, (_, index) => [index + 12] as const)

  it.effect.each(operations)(
    "a run that is over is gone, however often its starter yields: %d",
    ([count]) =>
      Effect.gen(function* () {
        const flight = Flight.make<string, never>()
        assert.isTrue(yield* Effect.withMaxOpsBeforeYield(flight.start("token", Effect.void, leave), count))
        yield* settle
        assert.isUndefined(flight.running())
      })
  )

  it.effect.each(operations)("those who start at the same time get one run: %d", ([count]) =>
    Effect.gen(function* () {
      const flight = Flight.make<string, never>()
      let runs = 0
      const one = flight.start(
        "token",
        Effect.zipRight(Effect.sync(() => void runs++), Effect.promise(() => setImmediate())),
        leave
      )
      const all = Effect.all([one, one, one], { concurrency: "unbounded" })
      assert.deepStrictEqual(yield* Effect.withMaxOpsBeforeYield(all, count), [true, true, true])
      assert.strictEqual(runs, 1)
      assert.isUndefined(flight.running())
    }))

  it.effect.each(operations)(
    "whoever is interrupted in the middle of starting leaves nothing running: %d",
    ([count]) =>
      Effect.gen(function* () {
        const flight = Flight.make<string, never>()
        let inside = 0
        const held = Effect.acquireUseRelease(
          Effect.sync(() => void inside++),
          () => Effect.never,
          () => Effect.sync(() => void inside--)
        )
        // After each number of turns that others have, once.
        for (let turns = 0; turns < 12; turns++) {
          const starter = yield* Effect.fork(Effect.withMaxOpsBeforeYield(flight.start("token", held, leave), count))
          yield* Effect.repeatN(Effect.yieldNow(), turns)
          yield* Fiber.interrupt(starter)
          yield* settle
          assert.strictEqual(inside, 0)
          assert.isUndefined(flight.running())
        }
      })
  )
})
