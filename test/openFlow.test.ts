import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Layer, Redacted, Scope, Stream } from "effect"
import { CallbackFlow } from "../src/flow/CallbackFlow.ts"
import type { OpenOptions } from "../src/flow/OpenOptions.ts"
import { CallbackServer, PasteInput, Presenter } from "../src/index.ts"

/** Services that write down what is open: a listener, a flow in the router, a hold on the reader. */
const make = (over: Partial<PasteInput> = {}, pause: Effect.Effect<void> = Effect.void) => {
  const open: Array<string> = []
  const opening = (name: string) =>
    Effect.sync(() => {
      open.push(name)
      return Effect.sync(() => void open.splice(open.indexOf(name), 1))
    })
  const server: CallbackServer = CallbackServer.make((_, __, serve) =>
    Effect.zipRight(
      pause,
      Effect.map(Effect.acquireRelease(opening("listener"), (close) => close), () => {
        serve({ port: 50_000 })
        return { port: 50_000 }
      })
    ).pipe(Effect.zipLeft(pause))
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

const urlFor = (flow: CallbackFlow) =>
  `https://as.example/authorize?${new URLSearchParams({
    state: Redacted.value(flow.state),
    redirect_uri: flow.redirectUri
  })}`
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
        ["forgetting", { register: () => Effect.succeed(Effect.die("forgetting")) }, []],
        ["holding", { hold: Effect.die("holding") }, []],
        ["letting go", { hold: Effect.succeed(Effect.die("letting go")) }, []]
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
        for (const region of [Effect.interruptible, Effect.uninterruptible]) {
          const { layer, open } = make({}, Effect.never)
          const fiber = yield* Effect.fork(region(Effect.provide(withFlow({}, signIn), layer)))
          yield* Effect.yieldNow()
          const exit = yield* Fiber.interrupt(fiber)
          assert.isTrue(Exit.isFailure(exit))
          assert.deepStrictEqual(open, [])
        }
      }))
  })
}
