/** `McpOAuth` as a service: its layers, and what its options may need. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Config, ConfigError, ConfigProvider, Context, Effect, Layer, Redacted, type Scope } from "effect"
import type { CallbackServer, CredentialStore, PasteInput, Presenter } from "../../src/index.ts"
import {
  type ConnectedAll,
  type ConnectError,
  type FetchLike,
  InvalidOptions,
  InvalidServerUrl,
  McpOAuth,
  type McpOAuthOptions
} from "../../src/mcp.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import * as SpanRecorder from "../fixtures/SpanRecorder.ts"

class Tunnel extends Context.Tag("test/Tunnel")<Tunnel, { readonly host: string }>() {}
class Gate extends Context.Tag("test/Gate")<Gate, { readonly passed: Array<string> }>() {}

const throughTunnel = (port: number): Effect.Effect<string, never, Tunnel> =>
  Effect.map(Tunnel, ({ host }) => `http://${host}:${port}/callback`)
const atGate: Effect.Effect<void, never, Gate | Scope.Scope> = Effect.flatMap(
  Gate,
  ({ passed }) =>
    Effect.acquireRelease(Effect.sync(() => void passed.push("in")), () => Effect.sync(() => passed.push("out")))
)

type Services = CallbackServer | CredentialStore | PasteInput | Presenter
const serverUrl = "http://127.0.0.1:9/mcp"

describe("McpOAuth.layer", () => {
  it.scopedLive("makes the sign-in of a program, which ends with it", () =>
    Effect.gen(function* () {
      const { layer, server, windows } = yield* McpHarness.world()
      const used = yield* Effect.gen(function* () {
        const oauth = yield* McpOAuth
        yield* oauth.ensure
        assert.strictEqual(yield* McpHarness.call(oauth, server.url), 200)
        return oauth
      }).pipe(Effect.provide(McpOAuth.layer({ serverUrl: server.url })), Effect.provide(layer))
      assert.strictEqual(windows(), 1)
      assert.strictEqual(McpHarness.word(yield* McpHarness.call(used, server.url)), "Closed")
    }))

  it.scopedLive("has its spans below that of who needs the sign-in, not of who made it", () =>
    Effect.gen(function* () {
      const spans = SpanRecorder.make()
      const { layer, server } = yield* McpHarness.world()
      const made = Layer.scoped(McpOAuth, Effect.withSpan(McpOAuth.make({ serverUrl: server.url }), "making"))
      yield* Effect.flatMap(McpOAuth, ({ ensure }) => Effect.withSpan(ensure, "needing")).pipe(
        Effect.provide(made),
        Effect.provide(layer),
        SpanRecorder.record(spans)
      )
      const signIn = spans.spans.find(({ name }) => name === "McpOAuth.signIn")
      assert.strictEqual(signIn?.below, "needing")
    }))

  it.scoped("fails as `make` does", () =>
    Effect.gen(function* () {
      const { layer } = yield* McpHarness.make
      const built = (options: McpOAuthOptions) =>
        Effect.flip(Layer.build(McpOAuth.layer(options).pipe(Layer.provide(layer))))
      assert.instanceOf(yield* built({ serverUrl: "ftp://example.com/" }), InvalidServerUrl)
      assert.instanceOf(
        yield* built({ serverUrl, authorizationParameters: { state: "mine" } }),
        InvalidOptions
      )
      assert.instanceOf(yield* built({ serverUrl, client: { clientId: undefined as never } }), InvalidOptions)
    }))

  it.scopedLive("has a server under each tag of a program's own", () =>
    Effect.gen(function* () {
      class Mail extends Context.Tag("test/Mail")<Mail, McpOAuth>() {}
      class Wiki extends Context.Tag("test/Wiki")<Wiki, McpOAuth>() {}
      const { layer, open: _, server } = yield* McpHarness.world()
      const servers = Layer.mergeAll(
        Layer.scoped(Mail, McpOAuth.make({ serverUrl: server.url, account: "mail" })),
        Layer.scoped(Wiki, McpOAuth.make({ serverUrl: server.url, account: "wiki" }))
      ).pipe(Layer.provide(layer))
      const both = Effect.gen(function* () {
        yield* (yield* Mail).ensure
        return [(yield* (yield* Mail).status).isSignedIn, (yield* (yield* Wiki).status).isSignedIn]
      })
      assert.deepStrictEqual(yield* Effect.provide(both, servers), [true, false])
    }))
})

describe("McpOAuth.layerConfig", () => {
  const noFetch: FetchLike = () => Promise.reject(new TypeError("fetch failed"))
  const options = {
    serverUrl: Config.string("MCP_URL"),
    interactive: Config.withDefault(Config.boolean("MCP_INTERACTIVE"), true),
    client: { clientId: Config.string("ID"), clientSecret: Config.redacted("SECRET") },
    fetch: Config.succeed(noFetch)
  }
  const built = (entries: Record<string, string>, config: Config.Config.Wrap<McpOAuthOptions> = options) =>
    Effect.gen(function* () {
      const { layer } = yield* McpHarness.make
      return Context.get(yield* Layer.build(Layer.provide(McpOAuth.layerConfig(config), layer)), McpOAuth)
    }).pipe(Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(entries)))))

  it.scopedLive("takes each option from Config, functions and secrets too", () =>
    Effect.gen(function* () {
      const oauth = yield* built({ MCP_URL: serverUrl, MCP_INTERACTIVE: "false", ID: "a", SECRET: "s3cret" })
      const failed = yield* Effect.flip(oauth.ensure)
      // Its own `fetch` was asked, and nobody else's.
      assert.include(["InteractionRequired", "DiscoveryError"], failed._tag)
      const optional = Config.withDefault(Config.redacted("SECRET"), undefined)
      const open = yield* built(
        { MCP_URL: serverUrl, MCP_INTERACTIVE: "false", ID: "a" },
        { ...options, client: { ...options.client, clientSecret: optional } }
      )
      assert.isFalse((yield* open.status).isSignedIn)
      const whole = yield* built(
        { A_URL: serverUrl },
        Config.map(Config.string("A_URL"), (url): McpOAuthOptions => ({
          serverUrl: new URL(url),
          client: { clientId: "a", clientSecret: Redacted.make("s") },
          fetch: noFetch
        }))
      )
      assert.isFalse((yield* whole.status).isSignedIn)
    }))

  it.scoped("fails for what is missing, and for what cannot be used", () =>
    Effect.gen(function* () {
      assert.isTrue(ConfigError.isConfigError(yield* Effect.flip(built({ MCP_URL: serverUrl, ID: "a" }))))
      const wrong = yield* Effect.flip(built({ MCP_URL: "nowhere", ID: "a", SECRET: "s" }))
      assert.instanceOf(wrong, InvalidServerUrl)
    }))
})

describe("what the options of a sign-in need", () => {
  it("is in the types of make, connect, connectAll and layer", () => {
    const client = new Client({ name: "test", version: "1.0.0" })
    const plain = [McpOAuth.make({ serverUrl }), McpOAuth.make({ serverUrl, callback: { redirectUri: () => "" } })]
    type Made<R> = Effect.Effect<McpOAuth, InvalidOptions | InvalidServerUrl, R | Scope.Scope | Services>
    expectTypeOf<(typeof plain)[number]>().toEqualTypeOf<Made<never>>()
    const gated = McpOAuth.make({ serverUrl, turn: atGate })
    expectTypeOf<Effect.Effect.Context<typeof gated>>().toEqualTypeOf<Gate | Scope.Scope | Services>()
    const both = McpOAuth.make<Gate | Tunnel>({ serverUrl, turn: atGate, callback: { redirectUri: throughTunnel } })
    expectTypeOf<Effect.Effect.Context<typeof both>>().toEqualTypeOf<Gate | Scope.Scope | Services | Tunnel>()
    const layer = McpOAuth.layer({ serverUrl, callback: { redirectUri: throughTunnel } })
    expectTypeOf(layer).toEqualTypeOf<Layer.Layer<McpOAuth, InvalidOptions | InvalidServerUrl, Services | Tunnel>>()
    const turned = McpOAuth.layer({ serverUrl, turn: Effect.addFinalizer(() => Effect.void) })
    expectTypeOf<Layer.Layer.Context<typeof turned>>().toEqualTypeOf<Services>()
    const connected = () => McpOAuth.connect(client, { serverUrl, turn: atGate })
    type Connecting = ReturnType<typeof connected>
    expectTypeOf<Effect.Effect.Context<Connecting>>().toEqualTypeOf<Gate | Scope.Scope | Services>()
    expectTypeOf<Effect.Effect.Error<Connecting>>().toEqualTypeOf<ConnectError>()
    const all = () =>
      McpOAuth.connectAll({ one: { client, serverUrl, turn: atGate }, two: { client, serverUrl, account: "b" } })
    type All = ReturnType<typeof all>
    expectTypeOf<Effect.Effect.Context<All>>().toEqualTypeOf<Gate | Scope.Scope | Services>()
    type Servers = { readonly one: { readonly client: Client }; readonly two: { readonly client: Client } }
    expectTypeOf<Effect.Effect.Success<All>>().toEqualTypeOf<ConnectedAll<Servers>>()
    const ungated = () => McpOAuth.connectAll({ one: { client, serverUrl } })
    expectTypeOf<Effect.Effect.Context<ReturnType<typeof ungated>>>().toEqualTypeOf<Scope.Scope | Services>()
  })

  it.scopedLive("is taken where it is made, whoever signs in, and a turn ends with its sign-in", () =>
    Effect.gen(function* () {
      const { layer, server, shown } = yield* McpHarness.world()
      const passed: Array<string> = []
      const oauth = yield* McpOAuth.make<Gate | Tunnel>({
        serverUrl: server.url,
        turn: atGate,
        callback: { redirectUri: throughTunnel }
      }).pipe(
        Effect.provideService(Gate, { passed }),
        Effect.provideService(Tunnel, { host: "localhost" }),
        Effect.provide(layer)
      )
      // By a plain function, and by an effect that has none of the services.
      assert.strictEqual(yield* McpHarness.call(oauth, server.url), 200)
      assert.match(shown[0]?.redirectUri ?? "", /^http:\/\/localhost:\d+\/callback$/)
      assert.deepStrictEqual(passed, ["in", "out"])
      yield* oauth.login
      assert.deepStrictEqual(passed, ["in", "out", "in", "out"])
    }))
})
