/** What the person is told of the end of a flow, and of its turn. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer } from "effect"
import { CallbackFlow, type Notice, type PendingAuthorization, Presenter, type SignInOutcome } from "../../src/index.ts"
import { answer, authorize, open, type Request, start, type World } from "../fixtures/FlowWorld.ts"
import * as Harness from "../fixtures/Harness.ts"
import * as Leaks from "../fixtures/Leaks.ts"
import * as TestLayers from "../fixtures/TestLayers.ts"

const { answerFor, browse, pause, until, urlFor } = Harness

const ended = (
  { id, serverName }: Pick<PendingAuthorization, "id" | "serverName">,
  outcome: SignInOutcome
): Notice => ({
  _tag: "SignInEnded",
  id,
  serverName,
  outcome
})

const ends = ({ notices }: Pick<World, "notices">) =>
  notices.flatMap((notice) => notice._tag === "SignInEnded" ? [notice] : [])

const queued = ({ notices }: Pick<World, "notices">) =>
  notices.flatMap((notice) => notice._tag === "SignInQueued" ? [notice.pending] : [])

const tags = ({ told }: Pick<World, "told">) => told.map(({ _tag }) => _tag)

const granted = { code: "c0de", iss: "https://as.example" }

/** Answers, and how a sign-in ends by them. */
const answers: ReadonlyArray<
  readonly [what: string, SignInOutcome, request: Request, parameters: Readonly<Record<string, string>>]
> = [
  ["a good answer", "Received", {}, granted],
  ["an exchange that succeeds", "SignedIn", { exchange: () => Effect.succeed("token") }, granted],
  ["an error from the server", "Denied", {}, { error: "access_denied", error_description: "no way" }],
  ["an error from the server before an exchange", "Denied", { exchange: () => Effect.void }, { error: "server_error" }],
  ["an answer without a code", "Invalid", {}, { iss: "https://as.example" }],
  ["an answer of another issuer", "Invalid", { issuer: "https://other.example" }, granted],
  ["an exchange that fails", "Failed", { exchange: () => Effect.fail("no") }, granted],
  ["an exchange that fails with nothing", "Failed", { exchange: () => Effect.fail(undefined) }, granted],
  ["an exchange that breaks", "Failed", { exchange: () => Effect.die("boom") }, granted],
  [
    "an exchange that throws",
    "Failed",
    {
      exchange: () => {
        throw new Error("boom")
      }
    },
    granted
  ],
  [
    "an exchange that takes too long",
    "Failed",
    { exchange: () => Effect.never, exchangeTimeout: "20 millis" },
    granted
  ],
  ["an exchange that interrupts itself", "Cancelled", { exchange: () => Effect.interrupt }, granted],
  // The page in the browser says that it failed, whatever the caller's errors are called.
  ...["AuthorizationDenied", "InvalidResponse", "AuthorizationTimeout"].map((_tag) =>
    [
      `an exchange that fails with an ${_tag} of its own`,
      "Failed",
      { exchange: () => Effect.fail({ _tag, phase: "response" }) },
      granted
    ] as const
  )
]

/** Endings without an answer. */
const silences: ReadonlyArray<
  readonly [
    what: string,
    SignInOutcome,
    request: Request,
    act: (world: World, running: Fiber.RuntimeFiber<unknown, unknown>) => Effect.Effect<unknown>
  ]
> = [
  ["no answer in time", "TimedOut", { timeout: "20 millis" }, () => Effect.void],
  ["an interrupt", "Cancelled", {}, (_world, running) => Fiber.interrupt(running)],
  ["the end of its scope", "Cancelled", {}, ({ close }) => close]
]

describe("SignInEnded", () => {
  for (const via of ["http", "paste", "submit"] as const) {
    for (const [what, outcome, request, parameters] of answers) {
      it.scopedLive(`says once: ${outcome}, after ${what} by ${via}`, () =>
        Effect.gen(function* () {
          const world = yield* open()
          const running = yield* start(world, request)
          yield* answer(world, via, parameters)
          yield* Fiber.await(running)
          // Told before `authorize` returns, and nothing after it.
          const pasted = via === "paste" ? ["PasteAccepted"] : []
          assert.deepStrictEqual(tags(world), ["Shown", ...pasted, "SignInEnded"])
          assert.deepStrictEqual(world.notices.at(-1), ended(world.shown[0]!, outcome))
          yield* world.close
          assert.strictEqual(ends(world).length, 1)
        }))
    }
  }

  for (const [what, outcome, request, act] of silences) {
    it.scopedLive(`says once: ${outcome}, after ${what}`, () =>
      Effect.gen(function* () {
        const world = yield* open()
        const running = yield* start(world, request)
        yield* act(world, running)
        yield* Fiber.await(running)
        yield* world.close
        assert.deepStrictEqual(tags(world), ["Shown", "SignInEnded"])
        assert.deepStrictEqual(world.notices, [ended(world.shown[0]!, outcome)])
      }))
  }

  for (const how of ["an interrupt", "the end of its scope"] as const) {
    it.scopedLive(`says once: Cancelled, after ${how} during the exchange`, () =>
      Effect.gen(function* () {
        const world = yield* open()
        const exchanging = yield* Deferred.make<void>()
        const running = yield* start(world, {
          exchange: () => Effect.zipRight(Deferred.succeed(exchanging, undefined), Effect.never)
        })
        yield* answer(world, "http", granted)
        yield* Deferred.await(exchanging)
        assert.deepStrictEqual(ends(world), [])
        yield* how === "an interrupt" ? Fiber.interrupt(running) : world.close
        yield* Fiber.await(running)
        assert.deepStrictEqual(world.notices, [ended(world.shown[0]!, "Cancelled")])
      }))
  }

  it.scopedLive("leaves no timer behind, by which a program would end later", () =>
    Effect.gen(function* () {
      const { layer } = yield* Harness.make
      const told: Array<string> = []
      const presenter: Presenter = {
        show: () => Effect.void,
        // It has to be waited for.
        notice: ({ _tag }) => Effect.promise(() => Leaks.turns(3).then(() => void told.push(_tag)))
      }
      // The test runner has some of its own, now and then.
      yield* until(() => Leaks.held().timers === 0)
      const after = yield* CallbackFlow.run({}, (flow) =>
        Effect.gen(function* () {
          const running = yield* Effect.fork(flow.authorize({ url: urlFor(flow), turn: Effect.never }))
          yield* until(() => told.length > 0)
          assert.isAbove(Leaks.held().timers, 0, "that of `Effect.never`")
          yield* flow.submit(answerFor(flow, granted).href)
          yield* Fiber.join(running)
          return Leaks.held().timers
        })).pipe(Effect.provide(Layer.merge(layer, Layer.succeed(Presenter, presenter))))
      assert.strictEqual(after, 0)
      assert.deepStrictEqual(told, ["SignInQueued", "SignInEnded"])
    }))

  it.scopedLive("comes in a region that cannot be interrupted as well", () =>
    Effect.gen(function* () {
      const { layer, notices, shown } = yield* Harness.make
      const signIn = CallbackFlow.run({}, (flow) =>
        Effect.gen(function* () {
          const running = yield* Effect.fork(flow.authorize({ url: urlFor(flow) }))
          yield* until(() => shown.length === 1)
          yield* browse(flow, answerFor(flow, granted))
          yield* Fiber.join(running)
        }))
      yield* Effect.uninterruptible(Effect.provide(signIn, layer))
      assert.deepStrictEqual(notices, [ended(shown[0]!, "Received")])
    }))

  for (
    const [how, present] of [
      ["by nobody", false],
      ["by a function", () => Effect.void],
      ["by a function that takes its time", () => Effect.never]
    ] as const
  ) {
    it.scopedLive(`does not come for a flow that is shown ${how}, however it ends`, () =>
      Effect.gen(function* () {
        const worlds = yield* Effect.forEach([...answers, ...silences], ([, , request, then]) =>
          Effect.gen(function* () {
            const world = yield* open()
            const running = yield* Effect.fork(authorize(world.flow, { ...request, present }))
            yield* pause(5)
            yield* typeof then === "function" ? then(world, running) : answer(world, "http", then)
            yield* Fiber.await(running)
            yield* world.close
            return world
          }), { concurrency: 5 })
        for (const { told } of worlds) assert.deepStrictEqual(told, [])
      }))
  }

  it.scopedLive("does not come for an answer that was there before `authorize`: nothing was shown", () =>
    Effect.gen(function* () {
      for (const via of ["http", "submit"] as const) {
        for (const [, , request, parameters] of answers) {
          const services = yield* TestLayers.make
          const flow = yield* Effect.provide(CallbackFlow.open(), services.layer)
          const address = answerFor(flow, parameters)
          if (via === "submit") yield* flow.submit(address.href)
          else yield* Effect.forkDaemon(services.browse(address))
          yield* pause(1)
          yield* Effect.exit(authorize(flow, request))
          assert.deepStrictEqual([services.shown, services.notices], [[], []])
        }
      }
    }))

  it.scopedLive("does not come for a call that never began to wait", () =>
    Effect.gen(function* () {
      const world = yield* open()
      assert.isTrue(Exit.isFailure(yield* Effect.exit(world.flow.authorize({ url: "https://as.example/?state=x" }))))
      const cut = yield* Effect.fork(authorize(world.flow, {}))
      yield* Fiber.interrupt(cut)
      assert.deepStrictEqual(world.told, [])
      const closed = yield* open()
      yield* closed.close
      assert.isTrue(Exit.isInterrupted(yield* Effect.exit(authorize(closed.flow, {}))))
      assert.deepStrictEqual(closed.told, [])
    }))

  it.scopedLive("does not come a second time for a second call, which is a mistake", () =>
    Effect.gen(function* () {
      const world = yield* open()
      const running = yield* start(world)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(authorize(world.flow, {}))))
      yield* answer(world, "http", granted)
      yield* Fiber.join(running)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(authorize(world.flow, {}))))
      assert.deepStrictEqual(tags(world), ["Shown", "SignInEnded"])
    }))
})

describe("a sign-in that waits for its turn", () => {
  const never: Request = { turn: Effect.never }

  for (const via of ["http", "paste", "submit"] as const) {
    for (const [what, outcome, request, parameters] of answers) {
      if (via !== "http" && outcome === "Failed") continue
      it.scopedLive(`is said to have ended before it: ${outcome}, after ${what} by ${via}`, () =>
        Effect.gen(function* () {
          const world = yield* open()
          const running = yield* start(world, { ...request, ...never })
          yield* answer(world, via, parameters)
          yield* Fiber.await(running)
          yield* world.close
          const pasted = via === "paste" ? ["PasteAccepted"] : []
          assert.deepStrictEqual(tags(world), ["SignInQueued", ...pasted, "SignInEnded"])
          assert.deepStrictEqual(world.notices.at(-1), ended(queued(world)[0]!, outcome))
        }))
    }
  }

  for (const [what, outcome, request, act] of silences.filter(([, outcome]) => outcome === "Cancelled")) {
    it.scopedLive(`is said to have ended before it: ${outcome}, after ${what}`, () =>
      Effect.gen(function* () {
        const world = yield* open()
        const running = yield* start(world, { ...request, ...never })
        yield* act(world, running)
        yield* Fiber.await(running)
        yield* world.close
        assert.deepStrictEqual(world.notices.slice(1), [ended(queued(world)[0]!, outcome)])
        assert.deepStrictEqual(tags(world), ["SignInQueued", "SignInEnded"])
      }))
  }

  it.scopedLive("is told of, shown and ended under one id", () =>
    Effect.gen(function* () {
      const world = yield* open()
      const turn = yield* Deferred.make<void>()
      const running = yield* start(world, { turn: Deferred.await(turn) })
      assert.deepStrictEqual(tags(world), ["SignInQueued"])
      yield* Deferred.succeed(turn, undefined)
      yield* until(() => world.shown.length === 1)
      yield* answer(world, "http", granted)
      yield* Fiber.join(running)
      assert.deepStrictEqual(tags(world), ["SignInQueued", "Shown", "SignInEnded"])
      const { deadline: _, ...pending } = world.shown[0]!
      assert.deepStrictEqual(queued(world), [pending])
      assert.deepStrictEqual(ends(world), [ended(pending, "Received")])
    }))

  it.scopedLive("is not told of when its turn is there at once", () =>
    Effect.gen(function* () {
      const world = yield* open()
      const running = yield* start(world, { turn: Effect.void })
      yield* answer(world, "http", granted)
      yield* Fiber.join(running)
      assert.deepStrictEqual(tags(world), ["Shown", "SignInEnded"])
    }))

  it.scopedLive("is not told of where the caller shows it", () =>
    Effect.gen(function* () {
      const world = yield* open()
      const running = yield* Effect.fork(authorize(world.flow, { ...never, present: false }))
      yield* pause(20)
      yield* Fiber.interrupt(running)
      assert.deepStrictEqual(world.told, [])
    }))

  it.scopedLive("comes after the end of the one before it was told", () =>
    Effect.gen(function* () {
      const harness = yield* Harness.make
      const flows = yield* Effect.provide(Effect.forEach(["a", "b", "c"], () => CallbackFlow.open()), harness.layer)
      const turns = Effect.unsafeMakeSemaphore(1)
      const turn = Effect.asVoid(Effect.acquireRelease(turns.take(1), () => turns.release(1)))
      const running = yield* Effect.forEach(flows, (flow, index) =>
        Effect.fork(authorize(flow, { serverName: `server-${index}`, turn })))
      yield* until(() =>
        queued(harness).length === 2
      )
      for (const [index, flow] of flows.entries()) {
        yield* until(() => harness.shown.length === index + 1)
        yield* browse(flow, answerFor(flow, granted))
      }
      yield* Fiber.joinAll(running)
      const lines = harness.told.flatMap((told) =>
        told._tag === "Shown"
          ? [`Shown ${told.pending.serverName}`]
          : told._tag === "SignInEnded"
          ? [`Ended ${told.serverName}`]
          : []
      )
      assert.deepStrictEqual(lines, [0, 1, 2].flatMap((index) => [`Shown server-${index}`, `Ended server-${index}`]))
    }))

  it.scopedLive("is told of before it is shown, however soon its turn comes", () =>
    Effect.gen(function* () {
      for (let turns = 0; turns < 12; turns++) {
        const world = yield* open()
        const running = yield* start(world, { turn: Effect.repeatN(Effect.yieldNow(), turns) })
        yield* until(() => world.shown.length === 1)
        yield* answer(world, "http", granted)
        yield* Fiber.join(running)
        const wasQueued = tags(world).includes("SignInQueued") ? ["SignInQueued"] : []
        assert.deepStrictEqual(tags(world), [...wasQueued, "Shown", "SignInEnded"], `after ${turns} turns`)
      }
    }))
})
