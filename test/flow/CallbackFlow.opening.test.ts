import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Layer, Logger, LogLevel, Redacted, Scope, Stream } from "effect"
import { BindError } from "../../src/core/oauth/BindError.ts"
import { CallbackFlow } from "../../src/flow/CallbackFlow.ts"
import type { OpenOptions } from "../../src/flow/OpenOptions.ts"
import { CallbackServer, PasteInput, Presenter } from "../../src/index.ts"
import * as Harness from "../fixtures/Harness.ts"
import * as Leaks from "../fixtures/Leaks.ts"

/** Services that write down what is open: a listener, a flow in the router, a hold on the reader. */
const make = (
  over: Partial<PasteInput> = {},
  pause: Effect.Effect<void> = Effect.void,
  begun: Effect.Effect<unknown, string, Scope.Scope> = Effect.void
) => {
  const open: Array<string> = []
  const opening = (name: string) =>
    Effect.asVoid(Effect.acquireRelease(
      Effect.sync(() => void open.push(name)),
      () => Effect.sync(() => void open.splice(open.indexOf(name), 1))
    ))
  const server: CallbackServer = CallbackServer.make((_, __, serve) =>
    Effect.zipRight(
      pause,
      Effect.map(opening("listener"), () => {
        serve({ port: 50_000 })
        return { port: 50_000 }
      })
    ).pipe(
      Effect.zipLeft(pause),
      Effect.zipLeft(begun),
      Effect.mapError(() => new BindError({ reason: "PortInUse", host: "127.0.0.1", ports: [0] }))
    )
  )
  const paste: PasteInput = {
    ...PasteInput.make(Stream.never),
    register: () => opening("route"),
    hold: opening("hold"),
    available: Effect.succeed(true),
    ...over
  }
  const layer = Layer.mergeAll(
    Layer.succeed(CallbackServer, server),
    Layer.succeed(PasteInput, paste),
    Layer.succeed(Presenter, { show: () => Effect.void, notice: () => Effect.void })
  )
  return { open, layer }
}

const { urlFor } = Harness
const answer = (flow: CallbackFlow) =>
  Effect.orDie(flow.submit(`${flow.redirectUri}?code=c&state=${Redacted.value(flow.state)}`))
const signIn = (flow: CallbackFlow) => flow.authorize({ url: urlFor(flow), present: () => answer(flow) })

const ways: Readonly<
  Record<
    string,
    (
      options: OpenOptions,
      use: (flow: CallbackFlow) => Effect.Effect<unknown, unknown>
    ) => Effect.Effect<unknown, unknown, CallbackServer | PasteInput | Presenter>
  >
> = {
  run: CallbackFlow.run,
  open: (options, use) => Effect.scoped(Effect.flatMap(CallbackFlow.open(options), use))
}

for (const [way, withFlow] of Object.entries(ways)) {
  describe(`a flow by ${way}`, () => {
    it.effect("is open while it is used, and then not", () =>
      Effect.gen(function* () {
        const { layer, open } = make()
        const seen: Array<string> = []
        const exit = yield* Effect.exit(
          withFlow({}, (flow) => {
            seen.push(...open)
            return flow.authorize({
              url: urlFor(flow),
              present: () => Effect.zipRight(Effect.sync(() => void seen.push(...open)), answer(flow))
            })
          }).pipe(Effect.provide(layer))
        )
        assert.isTrue(Exit.isSuccess(exit), String(exit))
        assert.deepStrictEqual(seen, ["listener", "route", "listener", "route", "hold"])
        assert.deepStrictEqual(open, [])
      }))

    it.effect("leaves nothing open when its redirect URI cannot be used", () =>
      Effect.gen(function* () {
        const { layer, open } = make()
        const wrong = { redirectUri: () => "nowhere" }
        // In a scope that stays: what opening had is given back by the opening.
        const scope = yield* Scope.make()
        const opened = way === "open" ? Scope.extend(CallbackFlow.open(wrong), scope) : withFlow(wrong, signIn)
        const exit = yield* Effect.exit(Effect.provide(opened, layer))
        assert.include(String(exit), "redirectUri did not return an absolute URL")
        assert.deepStrictEqual(open, [])
        yield* Scope.close(scope, Exit.void)
      }))

    for (
      const [what, over, left] of [
        ["registering", { register: () => Effect.die("registering") }, []],
        ["forgetting", { register: () => Effect.addFinalizer(() => Effect.die("forgetting")) }, []],
        ["holding", { hold: Effect.die("holding") }, []],
        ["letting go", { hold: Effect.addFinalizer(() => Effect.die("letting go")) }, []]
      ] as const
    ) {
      it.effect(`leaves nothing open when ${what} dies, and dies of it`, () =>
        Effect.gen(function* () {
          const { layer, open } = make(over)
          const exit = yield* Effect.exit(Effect.provide(withFlow({}, signIn), layer))
          assert.isTrue(Exit.isFailure(exit) && [...Cause.defects(exit.cause)].includes(what), String(exit))
          assert.deepStrictEqual(open, [...left])
        }))
    }

    it.live("leaves nothing open, at whatever turn it is interrupted", () =>
      Effect.gen(function* () {
        let ended = false
        for (let turns = 0; !ended; turns++) {
          const { layer, open } = make({}, Effect.repeatN(Effect.yieldNow(), 3))
          const fiber = yield* Effect.fork(Effect.provide(
            withFlow({}, (flow) => flow.authorize({ url: urlFor(flow), present: () => Effect.yieldNow() })),
            layer
          ))
          yield* Effect.repeatN(Effect.yieldNow(), turns)
          ended = open.includes("hold") && turns > 40
          const exit = yield* Fiber.interrupt(fiber)
          assert.isTrue(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause), String(exit))
          assert.deepStrictEqual(open, [], `after ${turns} turns`)
        }
      }))

    it.live("gives up a server that never comes to listen, when it is interrupted", () =>
      Effect.gen(function* () {
        let isBinding = false
        const { layer, open } = make({}, Effect.zipRight(Effect.sync(() => void (isBinding = true)), Effect.never))
        const fiber = yield* Effect.fork(Effect.provide(withFlow({}, signIn), layer))
        while (!isBinding) yield* Effect.sleep("1 millis")
        const exit = yield* Fiber.interrupt(fiber)
        assert.isTrue(Exit.isFailure(exit))
        assert.deepStrictEqual(open, [])
      }))

    it.effect("leaves nothing open when its server fails after it began", () =>
      Effect.gen(function* () {
        const { layer, open } = make({}, Effect.void, Effect.fail("PortInUse"))
        const exit = yield* Effect.exit(Effect.provide(withFlow({}, signIn), layer))
        assert.include(String(exit), "BindError")
        assert.deepStrictEqual(open, [])
      }))

    it.effect("tells its server how it ended", () =>
      Effect.gen(function* () {
        for (const [use, tag] of [[Effect.void, "Success"], [Effect.fail("e"), "Failure"]] as const) {
          const ends: Array<string> = []
          const { layer } = make(
            {},
            Effect.void,
            Effect.addFinalizer((exit) => Effect.sync(() => ends.push(exit._tag)))
          )
          yield* Effect.exit(Effect.provide(withFlow({}, () => use), layer))
          assert.deepStrictEqual(ends, [tag])
        }
      }))

    it.effect("keeps the caller's error beside what a release dies of", () =>
      Effect.gen(function* () {
        const { layer } = make({ register: () => Effect.addFinalizer(() => Effect.die("forgetting")) })
        const exit = yield* Effect.exit(Effect.provide(withFlow({}, () => Effect.fail("e")), layer))
        assert.isTrue(Exit.isFailure(exit))
        if (Exit.isFailure(exit)) {
          assert.deepStrictEqual([...Cause.failures(exit.cause)], ["e"])
          assert.deepStrictEqual([...Cause.defects(exit.cause)], ["forgetting"])
        }
      }))

    it.effect("leaves nothing open when its log dies", () =>
      Effect.gen(function* () {
        for (const dies of ["Waiting for", "Answer accepted"]) {
          const { layer, open } = make()
          const logger = Logger.make(({ message }) => {
            if (String(message).startsWith(dies)) throw new Error("the log")
          })
          let left = 0
          const turn = Effect.acquireRelease(Effect.sync(() => void left++), () => Effect.sync(() => void left--))
          const signedIn = withFlow({}, (flow) =>
            flow.authorize({ url: urlFor(flow), present: () => answer(flow), turn })).pipe(
              Effect.provide(Layer.merge(layer, Logger.replace(Logger.defaultLogger, logger))),
              Logger.withMinimumLogLevel(LogLevel.Debug)
            )
          // By a fiber of its own, which Effect leaves the logger with that dies.
          const exit = yield* Effect.promise(() =>
            Effect.runPromiseExit(signedIn)
          )
          assert.isTrue(Exit.isFailure(exit), dies)
          assert.deepStrictEqual([open, left], [[], 0])
        }
      }))

    it.effect("asks a server that is an object of a class, or has a bind of its own in place of ours", () =>
      Effect.gen(function* () {
        const { layer } = make()
        const real = yield* Effect.provide(CallbackServer, layer)
        class Server implements CallbackServer {
          readonly bound: Array<number> = []
          bind(...[options, serve]: Parameters<CallbackServer["bind"]>): ReturnType<CallbackServer["bind"]> {
            return Effect.tap(real.bind(options, serve), ({ port }) => this.bound.push(port))
          }
        }
        const server = new Server()
        let calls = 0
        const decorated: CallbackServer = {
          ...real,
          bind: (options, serve) => Effect.tap(real.bind(options, serve), () => calls++)
        }
        for (const each of [server, decorated]) {
          const exit = yield* Effect.exit(
            withFlow({}, signIn).pipe(Effect.provideService(CallbackServer, each), Effect.provide(layer))
          )
          assert.isTrue(Exit.isSuccess(exit), String(exit))
        }
        assert.deepStrictEqual([server.bound, calls], [[50_000], 1])
      }))

    it.live("lets a slow server bind where the caller is uninterruptible", () =>
      Effect.gen(function* () {
        const { layer } = make({}, Effect.sleep("5 millis"))
        const used: Array<string> = []
        const fiber = yield* Effect.fork(Effect.uninterruptible(
          Effect.provide(withFlow({}, () => Effect.sync(() => used.push("used"))), layer)
        ))
        yield* Effect.yieldNow()
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(used, ["used"])
      }))

    it.live("leaves no timer when the answer comes before there is one", () =>
      Effect.gen(function* () {
        const before = Leaks.held().timers
        for (let flows = 0; flows < 20; flows++) {
          let flow: CallbackFlow | undefined
          const available = Effect.suspend(() =>
            flow === undefined ? Effect.succeed(true) : Effect.as(answer(flow), true)
          )
          const { layer } = make({ available })
          const exit = yield* Effect.exit(Effect.provide(
            withFlow({}, (each) => {
              flow = each
              return each.authorize({ url: urlFor(each) })
            }),
            layer
          ))
          assert.isTrue(Exit.isSuccess(exit), String(exit))
        }
        // Others come and go with the test's runner.
        assert.isBelow(Leaks.held().timers - before, 10)
      }))
  })
}
