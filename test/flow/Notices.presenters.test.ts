/** Presenters that fail, break, give up or hang: no sign-in ends by them, and none is held by more than a moment. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, FiberId, Layer, Scope, Supervisor } from "effect"
import { CallbackFlow, type Notice, type PendingAuthorization, Presenter } from "../../src/index.ts"
import { authorize } from "../fixtures/FlowWorld.ts"
import * as Harness from "../fixtures/Harness.ts"
import * as Leaks from "../fixtures/Leaks.ts"
import * as LoopbackHttp from "../fixtures/LoopbackHttp.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"

const { answerFor, browse, pause, portOf, until, urlFor } = Harness

/** What a presenter is asked for, where it may go wrong. */
type Place =
  | "Shown"
  | Extract<
    Notice["_tag"],
    "SignInQueued" | "CallbackRefused" | "PasteRefused" | "PasteAccepted" | "SignInEnded"
  >

const places: ReadonlyArray<Place> = [
  "SignInQueued",
  "Shown",
  "CallbackRefused",
  "PasteRefused",
  "PasteAccepted",
  "SignInEnded"
]

// `Effect.never` holds the process by a timer; what hangs for ever here must not look like a leak.
const stuck: Effect.Effect<never> = Effect.uninterruptible(Effect.async(() => {}))

/** How it goes wrong. `gate` is for those that hang, so that a test can see what is left once they do not. */
const manners: Readonly<Record<string, (gate: Deferred.Deferred<void>) => Effect.Effect<void>>> = {
  "fails, as JavaScript may": () => Effect.fail("no") as Effect.Effect<never, unknown> as Effect.Effect<never>,
  "dies": () => Effect.die(new Error("boom")),
  "throws": () => {
    throw new Error("boom")
  },
  "is no effect, as JavaScript may": () => undefined as never,
  "interrupts itself": () => Effect.interrupt,
  "hangs": () => Effect.never,
  "hangs where nothing interrupts it": (gate) => Effect.uninterruptible(Deferred.await(gate)),
  "hangs when it is interrupted": (gate) => Effect.onInterrupt(Effect.never, () => Deferred.await(gate))
}

interface World {
  readonly layer: Harness.Harness["layer"]
  readonly paste: Harness.Harness["paste"]
  /** What was begun to be shown or said, whatever became of it. */
  readonly begun: ReadonlyArray<string>
  readonly shown: ReadonlyArray<PendingAuthorization>
}

const worldOf = (go: (place: string) => Effect.Effect<void>): Effect.Effect<World> =>
  Effect.gen(function* () {
    const { layer, paste } = yield* Harness.make
    const begun: Array<string> = []
    const shown: Array<PendingAuthorization> = []
    const presenter: Presenter = {
      show: (pending) => {
        shown.push(pending)
        begun.push("Shown")
        return go("Shown")
      },
      notice: ({ _tag }) => {
        begun.push(_tag)
        return go(_tag)
      }
    }
    return { layer: Layer.merge(layer, Layer.succeed(Presenter, presenter)), paste, begun, shown }
  })

/** A sign-in with everything in it that a person can be told of. */
const signIn = ({ begun, paste }: World, times: { answered?: number; done?: number } = {}) =>
  CallbackFlow.run({}, (flow) =>
    Effect.gen(function* () {
      const turn = yield* Deferred.make<void>()
      const running = yield* Effect.fork(authorize(flow, {
        turn: Deferred.await(turn),
        exchange: () => Effect.succeed("token")
      }))
      yield* until(() => begun.includes("SignInQueued"))
      yield* Deferred.succeed(turn, undefined)
      yield* until(() => begun.includes("Shown"))
      yield* browse(flow, "/callback?code=c&state=another")
      yield* paste("nonsense")
      // The reader takes it in a turn of its own.
      yield* pause(20)
      yield* paste(answerFor(flow, { code: "c0de" }).href)
      times.answered = Date.now()
      const value = yield* Fiber.join(running)
      times.done = Date.now()
      return value
    }))

// A fifth of a second for the presenter, and the rest for a machine that does other things as well.
const isBrief = ({ answered = 0, done = Infinity }: { answered?: number; done?: number }) => done - answered < 4000

// Side by side: those that hang take their time, and nothing else.
describe("a presenter that goes wrong", { concurrent: true }, () => {
  for (const place of [...places, "everywhere"] as const) {
    for (const [manner, make] of Object.entries(manners)) {
      it.scopedLive(`${place === "everywhere" ? "everywhere" : `in ${place}`}: it ${manner}, and the sign-in succeeds`, () =>
        Effect.gen(function* () {
          const gate = yield* Deferred.make<void>()
          const fibers = yield* Supervisor.track
          const alive = Effect.map(fibers.value, (all) => all.filter((fiber) => fiber.unsafePoll() === null).length)
          let hanging = 0
          const isStubborn = manner.includes("nothing") || manner.includes("when")
          const world = yield* worldOf((at) => {
            if (place !== "everywhere" && at !== place) return Effect.void
            if (isStubborn) hanging++
            return make(gate)
          })
          const times = {}
          const value = yield* signIn(world, times).pipe(
            Effect.provide(world.layer),
            Effect.supervised(fibers),
            Effect.timeoutFail({ duration: "10 seconds", onTimeout: () => "the presenter held the sign-in" })
          )
          assert.strictEqual(value, "token")
          assert.isTrue(isBrief(times), JSON.stringify(times))
          // Only a presenter that hangs may miss something: what comes after it.
          if (!manner.includes("hangs")) {
            assert.deepStrictEqual([...world.begun].sort(), [...places].sort())
            assert.deepStrictEqual(world.begun.at(-1), "SignInEnded")
          }
          yield* Effect.promise(() => Leaks.turns(20))
          assert.isAtMost(yield* alive, hanging, "more is left than what hangs")
          yield* Deferred.succeed(gate, undefined)
          yield* Effect.promise(() => Leaks.turns(20))
          assert.strictEqual(yield* alive, 0, "something is left")
        }))
    }
  }

  for (const [manner, make] of Object.entries(manners)) {
    it.scopedLive(`when what it showed is taken away: it ${manner}, and the sign-in succeeds`, () =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const finalizer = Effect.suspend(() => make(gate))
        const world = yield* worldOf((at) =>
          (at === "Shown" ? Effect.addFinalizer(() => finalizer) : Effect.void) as Effect.Effect<void>
        )
        const times = {}
        const value = yield* signIn(world, times).pipe(
          Effect.provide(world.layer),
          Effect.disconnect,
          Effect.timeoutFail({ duration: "5 seconds", onTimeout: () => "the presenter held the sign-in" })
        )
        assert.strictEqual(value, "token")
        assert.isTrue(isBrief(times), JSON.stringify(times))
        assert.strictEqual(world.begun.at(-1), "SignInEnded")
        yield* Deferred.succeed(gate, undefined)
      }))
  }

  for (const [manner, make] of Object.entries(manners)) {
    it.scopedLive(`over a port that is taken: it ${manner}, and the flow opens`, () =>
      Effect.gen(function* () {
        const { port } = yield* LoopbackHttp.listen
        const gate = yield* Deferred.make<void>()
        const world = yield* worldOf((at) => at === "PasteOnly" ? make(gate) : Effect.void)
        const times = { answered: Date.now(), done: 0 }
        const flow = yield* Effect.provide(CallbackFlow.open({ port, onPortBusy: "paste" }), world.layer)
        times.done = Date.now()
        assert.isFalse(flow.listening)
        assert.deepStrictEqual(world.begun, ["PasteOnly"])
        assert.isTrue(isBrief(times), JSON.stringify(times))
        yield* Deferred.succeed(gate, undefined)
      }))

    it.scopedLive(`over a warning about a server: it ${manner}, and the sign-in succeeds`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world({
          authorizationServer: { metadata: (document) => ({ ...document, code_challenge_methods_supported: [] }) }
        })
        world.authorizationServer.addClient({
          client_id: "by-hand",
          redirect_uris: ["http://127.0.0.1/callback"],
          token_endpoint_auth_method: "none"
        })
        const gate = yield* Deferred.make<void>()
        const begun: Array<string> = []
        const layer = Layer.merge(
          world.layer,
          Layer.provide(
            Layer.effect(
              Presenter,
              Effect.map(Presenter, ({ show }): Presenter => ({
                show,
                notice: ({ _tag }) => {
                  begun.push(_tag)
                  return make(gate)
                }
              }))
            ),
            world.layer
          )
        )
        const { oauth } = yield* McpHarness.open({ layer }, {
          serverUrl: world.server.url,
          client: { clientId: "by-hand" },
          unsafe: { allowMissingS256: true }
        })
        yield* Effect.timeoutFail(oauth.login, {
          duration: "10 seconds",
          onTimeout: () => "the presenter held the sign-in"
        })
        assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
        assert.deepStrictEqual(begun, ["Unsafe", "MaybeUnregistered", "SignInEnded"])
        yield* Deferred.succeed(gate, undefined)
      }))
  }
})

describe("a presenter that hangs in all it does", () => {
  for (const how of ["an interrupt", "the end of its scope"] as const) {
    it.scopedLive(`does not hold ${how}, and nothing is left open`, () =>
      Effect.gen(function* () {
        const world = yield* worldOf(() => stuck)
        const before = Leaks.held()
        const scope = yield* Scope.make()
        const flow = yield* CallbackFlow.open().pipe(Scope.extend(scope), Effect.provide(world.layer))
        const running = yield* Effect.fork(authorize(flow, { turn: Effect.yieldNow() }))
        yield* until(() => world.shown.length === 1)
        yield* browse(flow, "/callback?state=another")
        const started = Date.now()
        if (how === "an interrupt") yield* Fiber.interrupt(running)
        yield* Scope.close(scope, Exit.void)
        assert.isTrue(Exit.isInterrupted(yield* Fiber.await(running)))
        assert.isTrue(isBrief({ answered: started, done: Date.now() }))
        assert.deepStrictEqual(yield* Effect.promise(() => Leaks.leaked(before)), [])
        assert.isTrue(yield* Effect.promise(() => Leaks.canBind(portOf(flow))))
      }))
  }

  for (const where of ["uninterruptible", "acquireRelease"] as const) {
    it.scopedLive(`does not hold a sign-in inside ${where}, and is interrupted where it can be`, () =>
      Effect.gen(function* () {
        let interrupted = 0
        const hang = Effect.onInterrupt(Effect.never, () => Effect.sync(() => void interrupted++))
        for (const manner of [hang, stuck]) {
          const world = yield* worldOf(() => manner)
          const times = {}
          const run = Effect.provide(signIn(world, times), world.layer)
          const value = yield* where === "uninterruptible"
            ? Effect.uninterruptible(run)
            : Effect.acquireRelease(run, () => Effect.void)
          assert.strictEqual(value, "token")
          assert.isTrue(isBrief(times), JSON.stringify(times))
          if (manner === hang) yield* until(() => interrupted === world.begun.length)
        }
      }))
  }

  for (const [how, hang] of [["", Effect.never], [" where nothing interrupts it", stuck]] as const) {
    it.scopedLive(`lets go of what it showed all the same, though a notice hangs${how}`, () =>
      Effect.gen(function* () {
        let gone = 0
        const world = yield* worldOf((at) =>
          (at === "Shown" ? Effect.addFinalizer(() => Effect.sync(() => void gone++)) : hang) as Effect.Effect<void>
        )
        yield* Effect.provide(signIn(world), world.layer)
        yield* until(() => gone > 0)
        yield* pause(20)
        assert.strictEqual(gone, 1)
      }))
  }

  it.scoped("does not hold a sign-in while a test's clock stands still", () =>
    Effect.gen(function* () {
      const world = yield* worldOf(() => Effect.never)
      const times = {}
      assert.strictEqual(yield* Effect.provide(signIn(world, times), world.layer), "token")
      assert.isTrue(isBrief(times), JSON.stringify(times))
    }))

  it.scopedLive("does not stop the clock of a sign-in", () =>
    Effect.gen(function* () {
      for (const hang of [Effect.never, stuck, Effect.die("boom")]) {
        const world = yield* worldOf(() => hang)
        const error = yield* CallbackFlow.run({}, (flow) =>
          flow.authorize({ url: urlFor(flow), timeout: "50 millis", turn: Effect.yieldNow() })).pipe(
            Effect.provide(world.layer),
            Effect.flip
          )
        assert.strictEqual(error._tag, "AuthorizationTimeout")
      }
    }))
})

describe("a presenter that works", () => {
  const turns = { "no turn": undefined, "a turn at once": Effect.void, "a turn that never comes": Effect.never }
  for (const [which, turn] of Object.entries(turns)) {
    it.scopedLive(`is told and asked for nothing after the end, however soon an interrupt comes, with ${which}`, () =>
      Effect.gen(function* () {
        let gone = 0
        const world = yield* worldOf((at) =>
          (at === "Shown" ? Effect.addFinalizer(() => Effect.sync(() => void gone++)) : Effect.void) as Effect.Effect<
            void
          >
        )
        const seen = new Set<string>()
        for (let count = 0; count < 60; count++) {
          const flow = yield* Effect.provide(CallbackFlow.open({ paste: false }), world.layer)
          const [told, closed] = [world.begun.length, gone]
          const running = yield* Effect.fork(authorize(flow, turn === undefined ? {} : { turn }))
          yield* Effect.promise(async () => {
            for (let microtask = 0; microtask < count; microtask++) await null
            running.unsafeInterruptAsFork(FiberId.none)
            await Leaks.turns(2)
          })
          yield* Fiber.await(running)
          const tags = world.begun.slice(told)
          seen.add(tags.join())
          assert.include(["", "Shown,SignInEnded", "SignInQueued,SignInEnded"], tags.join(), `after ${count} turns`)
          assert.strictEqual(gone - closed, tags.includes("Shown") ? 1 : 0, `after ${count} turns`)
        }
        // It was cut short both before and after.
        assert.strictEqual(seen.size, 2)
      }))
  }
})

describe("a presenter that takes its time", () => {
  it.scopedLive("is told one thing after another, each once, and the end before `authorize` returns", () =>
    Effect.gen(function* () {
      let running = 0
      let most = 0
      const said: Array<string> = []
      const world = yield* worldOf((at) =>
        at === "Shown" ? Effect.void : Effect.gen(function* () {
          most = Math.max(most, ++running)
          yield* pause(20)
          said.push(at)
          running--
        })
      )
      yield* Effect.provide(signIn(world), world.layer)
      assert.strictEqual(most, 1)
      assert.deepStrictEqual(said, places.filter((place) => place !== "Shown"))
    }))

  it.scopedLive("is told the end, and has let go, before the turn of the next one comes", () =>
    Effect.gen(function* () {
      const { layer } = yield* Harness.make
      const lines: Array<string> = []
      const slowly = (line: string) => Effect.zipRight(pause(10), Effect.sync(() => void lines.push(line)))
      const presenter: Presenter = {
        show: ({ serverName }) =>
          Effect.zipRight(
            slowly(`shows ${serverName}`),
            Effect.addFinalizer(() => slowly(`lets go of ${serverName}`))
          ),
        notice: (notice) => notice._tag === "SignInEnded" ? slowly(`ends ${notice.serverName}`) : Effect.void
      }
      const flows = yield* Effect.provide(
        Effect.forEach(["a", "b", "c"], () => CallbackFlow.open()),
        Layer.merge(layer, Layer.succeed(Presenter, presenter))
      )
      const turns = Effect.unsafeMakeSemaphore(1)
      const turn = Effect.asVoid(Effect.acquireRelease(turns.take(1), () => turns.release(1)))
      const names = flows.map((_flow, index) => `server-${index}`)
      yield* Effect.all([
        Effect.forEach(flows, (flow, index) => authorize(flow, { serverName: names[index], turn }), {
          concurrency: "unbounded"
        }),
        Effect.forEach(flows, (flow, index) =>
          Effect.zipRight(
            until(() => lines.includes(`shows ${names[index]}`)),
            Effect.zipRight(pause(10), browse(flow, answerFor(flow, { code: "c0de" })))
          ))
      ], { concurrency: "unbounded" })
      assert.deepStrictEqual(
        lines,
        names.flatMap((name) => [`shows ${name}`, `ends ${name}`, `lets go of ${name}`])
      )
    }))

  it.scopedLive("ends in peace what it was about to let go of, without anybody waiting", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const steps: Array<string> = []
      const step = (name: string) => Effect.sync(() => void steps.push(name))
      const show = Effect.zipRight(
        Effect.addFinalizer(() => step("first shown, last let go of")),
        Effect.addFinalizer(() => Effect.zipRight(step("begins"), Effect.zipRight(Deferred.await(gate), step("ends"))))
      )
      const world = yield* worldOf((at) => (at === "Shown" ? show : Effect.void) as Effect.Effect<void>)
      const times = {}
      yield* Effect.provide(signIn(world, times), world.layer)
      assert.isTrue(isBrief(times), JSON.stringify(times))
      assert.deepStrictEqual(steps, ["begins"])
      yield* Deferred.succeed(gate, undefined)
      yield* until(() => steps.length === 3)
      assert.deepStrictEqual(steps, ["begins", "ends", "first shown, last let go of"])
    }))

  it.scopedLive("does not keep the sign-in waiting where it only shows", () =>
    Effect.gen(function* () {
      let interrupted = 0
      const world = yield* worldOf((at) =>
        at === "Shown" ? Effect.onInterrupt(Effect.never, () => Effect.sync(() => void interrupted++)) : Effect.void
      )
      yield* Effect.provide(signIn(world), world.layer)
      yield* until(() => interrupted === 1)
    }))
})
