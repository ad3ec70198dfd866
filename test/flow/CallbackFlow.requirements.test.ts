/** What a flow may need of its caller: the services of `present`, `turn` and `redirectUri` are in its type, and nothing else. */
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Context, Effect, Exit, Redacted, type Scope } from "effect"
import {
  BindError,
  CallbackFlow,
  type CallbackServer,
  type FlowError,
  type Granted,
  type OpenOptions,
  type PasteInput,
  type Presenter
} from "../../src/index.ts"
import * as TestLayers from "../fixtures/TestLayers.ts"

class Tunnel extends Context.Tag("test/Tunnel")<Tunnel, { readonly origin: string }>() {}
class Screen extends Context.Tag("test/Screen")<Screen, { readonly shown: Array<string> }>() {}
class Gate extends Context.Tag("test/Gate")<Gate, { readonly passed: Array<string> }>() {}

const throughTunnel = (port: number): Effect.Effect<string, never, Tunnel> =>
  Effect.map(Tunnel, ({ origin }) => `${origin}:${port}/in`)
const onScreen = (url: URL) => Effect.map(Screen, ({ shown }) => shown.push(url.host))
const atGate: Effect.Effect<void, never, Gate | Scope.Scope> = Effect.flatMap(
  Gate,
  ({ passed }) =>
    Effect.acquireRelease(Effect.sync(() => void passed.push("in")), () => Effect.sync(() => passed.push("out")))
)
const scoped: Effect.Effect<void, never, Scope.Scope> = Effect.void

type Services = CallbackServer | PasteInput | Presenter
type Opened<R> = Effect.Effect<CallbackFlow, BindError, R | Scope.Scope | Services>
type Signed<A, E, R> = Effect.Effect<A, E | BindError | FlowError, R | Services>

const url = "https://as.example/authorize"
const urlFor = ({ redirectUri, state }: CallbackFlow) =>
  `${url}?${new URLSearchParams({ redirect_uri: redirectUri, state: Redacted.value(state) })}`
const answerFor = ({ redirectUri, state }: CallbackFlow) =>
  new URL(`${redirectUri}?${new URLSearchParams({ code: "the-code", state: Redacted.value(state) })}`)

describe("the type of a flow", () => {
  it("says what it needs, and is plain where it needs nothing", () => {
    const options: OpenOptions = {}
    const parameters: Parameters<typeof CallbackFlow.open>[0] = undefined
    const opened = [
      CallbackFlow.open(),
      CallbackFlow.open(options),
      CallbackFlow.open(parameters),
      CallbackFlow.open({ port: 1, redirectUri: () => "https://a.example/" }),
      CallbackFlow.open({ redirectUri: () => Effect.succeed("https://a.example/") })
    ] as const
    expectTypeOf<(typeof opened)[number]>().toEqualTypeOf<Opened<never>>()
    const tunnelled = CallbackFlow.open({ redirectUri: throughTunnel })
    expectTypeOf(tunnelled).toEqualTypeOf<Opened<Tunnel>>()
    // @ts-expect-error it is called `port`
    CallbackFlow.open({ prt: 1 })
    // @ts-expect-error a redirect URI is a text
    CallbackFlow.open({ redirectUri: () => 1 })
    // @ts-expect-error only with a BindError
    CallbackFlow.open({ redirectUri: () => Effect.fail("no") })
  })

  it("has all that is needed of `present`, `turn`, `exchange` and `redirectUri`", () => {
    const plain = [
      CallbackFlow.run((flow) => flow.authorize({ url })),
      CallbackFlow.run({}, (flow) => flow.authorize({ url, present: false })),
      CallbackFlow.run({ port: 1 }, (flow) => flow.authorize({ url, turn: scoped, present: () => Effect.void }))
    ] as const
    expectTypeOf<(typeof plain)[number]>().toEqualTypeOf<Signed<Granted, never, never>>()
    const needing = CallbackFlow.run(
      { redirectUri: throughTunnel },
      (flow) => flow.authorize({ url, turn: atGate, present: onScreen })
    )
    expectTypeOf(needing).toEqualTypeOf<Signed<Granted, never, Gate | Screen | Tunnel>>()
    const exchanging = CallbackFlow.run((flow) =>
      flow.authorize({
        url,
        turn: atGate,
        exchange: () => Effect.zipRight(Tunnel, Effect.fail("no" as const)),
        describe: (error) => error
      })
    )
    expectTypeOf(exchanging).toEqualTypeOf<Signed<never, "no", Gate | Tunnel>>()
    const scopedTurn = CallbackFlow.run((flow) =>
      flow.authorize({ url, turn: scoped, exchange: () => Effect.succeed(1) })
    )
    expectTypeOf(scopedTurn).toEqualTypeOf<Signed<number, never, never>>()
    // @ts-expect-error a request without what it is of
    CallbackFlow.run((flow) => flow.authorize({ present: onScreen }))
    // @ts-expect-error `present` does not fail
    CallbackFlow.run((flow) => flow.authorize({ url, present: () => Effect.fail("no") }))
  })
})

describe("a flow", () => {
  it.live("runs without options", () =>
    Effect.gen(function* () {
      const { browse, layer, listeners } = yield* TestLayers.make
      const granted = yield* CallbackFlow.run((flow) =>
        flow.authorize({ url: urlFor(flow), present: () => browse(answerFor(flow)) })
      ).pipe(Effect.provide(layer))
      assert.strictEqual(Redacted.value(granted.code), "the-code")
      assert.strictEqual(listeners(), 0)
    }))

  it.live("uses the services that it is given, and ends the turn with the sign-in", () =>
    Effect.gen(function* () {
      const { browse, layer } = yield* TestLayers.make
      const shown: Array<string> = []
      const passed: Array<string> = []
      const granted = yield* CallbackFlow.run({ redirectUri: throughTunnel }, (flow) =>
        Effect.zipLeft(
          flow.authorize({
            url: urlFor(flow),
            turn: atGate,
            present: (url) => Effect.zipRight(onScreen(url), browse(answerFor(flow))),
            exchange: ({ code }) => Effect.map(Tunnel, ({ origin }) => [origin, Redacted.value(code), ...passed])
          }),
          Effect.sync(() => passed.push("signed in"))
        )).pipe(
          Effect.provideService(Screen, { shown }),
          Effect.provideService(Gate, { passed }),
          Effect.provideService(Tunnel, { origin: "http://tunnel.example" }),
          Effect.provide(layer)
        )
      assert.deepStrictEqual(granted, ["http://tunnel.example", "the-code", "in"])
      assert.deepStrictEqual(shown, ["as.example"])
      assert.deepStrictEqual(passed, ["in", "out", "signed in"])
    }))
})

describe("a redirect URI that is looked up", () => {
  for (const host of ["127.0.0.1", "localhost"] as const) {
    it.scopedLive(`is known once the port of ${host} is bound, and requests are taken at it from then on`, () =>
      Effect.gen(function* () {
        const { browse, layer } = yield* TestLayers.make
        const asked: Array<readonly [port: number, early: number]> = []
        const redirectUri = (port: number) =>
          Effect.map(
            browse(new URL(`http://tunnel.example:${port}/in?code=a&state=${"0".repeat(64)}`)),
            ({ status }) => {
              asked.push([port, status])
              return `http://tunnel.example:${port}/in`
            }
          )
        const flow = yield* Effect.provide(CallbackFlow.open({ host, port: [8976], redirectUri }), layer)
        assert.strictEqual(flow.redirectUri, "http://tunnel.example:8976/in")
        assert.lengthOf(asked, 1)
        assert.isAtLeast(asked[0]?.[1] ?? 0, 400)
        // The loopback names are served as well, at both paths.
        for (const at of ["http://127.0.0.1:8976/callback", "http://other.example:8976/in"]) {
          const junk = yield* browse(new URL(`${at}?state=${"0".repeat(64)}&code=a`))
          assert.isAtLeast(junk.status, 400)
        }
        const granted = yield* Effect.provide(
          flow.authorize({ url: urlFor(flow), present: () => browse(answerFor(flow)) }),
          layer
        )
        assert.strictEqual(granted.via, "http")
      }))
  }

  it.scopedLive("that cannot be had, or cannot be used, opens nothing and leaves nothing", () =>
    Effect.gen(function* () {
      const { layer, listeners } = yield* TestLayers.make
      const error = new BindError({ reason: "InvalidOptions", host: "127.0.0.1", ports: [], detail: "no tunnel" })
      const open = (redirectUri: NonNullable<OpenOptions["redirectUri"]>) =>
        Effect.exit(Effect.provide(CallbackFlow.open({ redirectUri }), layer))
      assert.strictEqual((yield* Effect.flip(Effect.flatten(open(() => Effect.fail(error))))).detail, "no tunnel")
      for (const text of ["no address", "ftp://a.example/", 1 as never]) {
        const failed = yield* Effect.flip(Effect.flatten(open(() => Effect.succeed(text))))
        assert.strictEqual(failed.reason, "InvalidOptions")
      }
      const interrupted = yield* open(() => Effect.interrupt)
      assert.isTrue(Exit.isInterrupted(interrupted))
      assert.strictEqual(listeners(), 0)
    }))
})
