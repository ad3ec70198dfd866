/** How a flow opens: options, ports, proxies, and a paste where no port can be had. */
import { assert } from "chai"
import { Effect, Fiber, Redacted, type Scope } from "effect"
import * as net from "node:net"
import { CallbackFlow, type OpenOptions } from "../../src/index.ts"
import * as Harness from "../fixtures/Harness.ts"
import * as RawClient from "../fixtures/RawClient.ts"
import { live, type Scenario } from "../fixtures/Scenario.ts"

const takePort: Effect.Effect<number, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.async<net.Server>((resume) => {
      const server = net.createServer().listen({ port: 0, host: "127.0.0.1" }, () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
  ),
  (server) => (server.address() as net.AddressInfo).port
)

const invalid: ReadonlyArray<readonly [what: string, options: OpenOptions, says: string]> = [
  ["a path without slash", { path: "callback" }, "path"],
  ["a path with a query", { path: "/callback?x=1" }, "path"],
  ["a path with a fragment", { path: "/callback#x" }, "path"],
  ["a path with a space", { path: "/call back" }, "path"],
  ["a path with dots", { path: "/a/../b" }, "path"],
  ["a path that hides a host", { path: "//evil.example/callback" }, "path"],
  ["a port too high", { port: 65536 }, "65536"],
  ["a negative port", { port: -1 }, "-1"],
  ["a port that is no whole number", { port: 80.5 }, "80.5"],
  ["a port that is no number", { port: Number.NaN }, "port"],
  ["no ports", { port: [] }, "list of ports is empty"],
  ["a bad port in a list", { port: [0, 70000] }, "70000"],
  ["all interfaces", { host: "0.0.0.0" as never }, "0.0.0.0"],
  ["paste as the way out, turned off", { onPortBusy: "paste", paste: false }, "paste"],
  ["a redirect URI that is none", { redirectUri: () => "nonsense" }, "redirectUri"],
  ["a redirect URI with a fragment", { redirectUri: () => "https://a.example/#x" }, "fragment"],
  ["a redirect URI of another scheme", { redirectUri: () => "javascript:alert(1)" }, "javascript:"],
  ["a redirect URI that carries a state", { redirectUri: () => "https://a.example/cb?state=x" }, "state"],
  ["a redirect URI that is undefined", { redirectUri: () => undefined as never }, "redirectUri"],
  ["a response mode that is none", { responseMode: "fragment" as never }, "responseMode"],
  ["a way out that is none", { onPortBusy: "nonsense" as never }, "onPortBusy"],
  ["a redirect URI that throws", {
    redirectUri: () => {
      throw new Error("boom")
    }
  }, "redirectUri"]
]

/** All scenarios of opening. */
export const scenarios: ReadonlyArray<Scenario> = [
  ...invalid.map(([what, options, says]) =>
    live(
      `fails with InvalidOptions for ${what}, and says so`,
      Effect.gen(function* () {
        const { layer } = yield* Harness.make
        const error = yield* Effect.flip(Effect.provide(CallbackFlow.open(options), layer))
        assert.strictEqual(error._tag, "BindError")
        assert.strictEqual(error.reason, "InvalidOptions")
        assert.include(error.message, says)
      })
    )
  ),
  live(
    "fails with PortInUse for a taken port, and leaves the scope usable",
    Effect.gen(function* () {
      const { layer } = yield* Harness.make
      const port = yield* takePort
      const error = yield* Effect.flip(Effect.provide(CallbackFlow.open({ port }), layer))
      assert.strictEqual(error.reason, "PortInUse")
      assert.deepStrictEqual(error.ports, [port])
      assert.match(error.message, new RegExp(`^Cannot listen on 127\\.0\\.0\\.1:${port}: .*Stop it`))
      const flow = yield* Effect.provide(CallbackFlow.open({ port: [port, 0] }), layer)
      assert.isTrue(flow.listening)
    })
  ),
  live(
    "goes on with paste alone where asked, with the port's redirect URI and a warning",
    Effect.gen(function* () {
      const { layer, notices, paste, shown } = yield* Harness.make
      const port = yield* takePort
      const flow = yield* Effect.provide(CallbackFlow.open({ port, onPortBusy: "paste" }), layer)
      assert.isFalse(flow.listening)
      assert.strictEqual(flow.redirectUri, `http://127.0.0.1:${port}/callback`)
      assert.strictEqual(notices[0]?._tag, "PasteOnly")
      const waiting = yield* Effect.fork(flow.authorize({ url: Harness.urlFor(flow) }))
      while (shown.length === 0) yield* Harness.pause(1)
      yield* paste(Harness.answerFor(flow, { code: "pasted" }).href)
      const granted = yield* Fiber.join(waiting)
      assert.strictEqual(Redacted.value(granted.code), "pasted")
      assert.isFalse(shown[0]?.listening)
    })
  ),
  live(
    "answers to the host and the path of a redirect URI of one's own",
    Effect.gen(function* () {
      const { layer } = yield* Harness.make
      const flow = yield* Effect.provide(
        CallbackFlow.open({ redirectUri: (port) => `https://name-${port}.Proxy.Example/oauth/cb` }),
        layer
      )
      const port = Number(/name-(\d+)/.exec(flow.redirectUri)?.[1])
      assert.strictEqual(flow.redirectUri, `https://name-${port}.Proxy.Example/oauth/cb`)
      const ask = (target: string, host: string) =>
        Effect.map(Effect.promise(() => RawClient.get(port, target, { host })), RawClient.statusOf)
      assert.strictEqual(yield* ask("/oauth/cb?state=x", `name-${port}.proxy.example`), 400)
      assert.strictEqual(yield* ask("/oauth/cb?state=x", `NAME-${port}.PROXY.EXAMPLE:443`), 400)
      assert.strictEqual(yield* ask("/oauth/cb?state=x", `127.0.0.1:${port}`), 400)
      assert.strictEqual(yield* ask("/oauth/cb?state=x", "proxy.example"), 421)
      assert.strictEqual(yield* ask("/elsewhere?state=x", `name-${port}.proxy.example`), 404)
      const waiting = yield* Effect.fork(flow.authorize({ url: Harness.urlFor(flow), present: false }))
      const { search } = Harness.answerFor(flow, { code: "proxied" })
      assert.strictEqual(yield* ask(`/oauth/cb${search}`, `name-${port}.proxy.example`), 200)
      assert.strictEqual(Redacted.value((yield* Fiber.join(waiting)).code), "proxied")
    })
  ),
  live(
    "listens on the path and the port that were asked for",
    Effect.gen(function* () {
      const { layer } = yield* Harness.make
      const port = yield* Effect.scoped(takePort)
      const flow = yield* Effect.provide(CallbackFlow.open({ path: "/a%20b/c", port, host: "[::1]" }), layer)
      assert.strictEqual(flow.redirectUri, `http://[::1]:${port}/a%20b/c`)
      const text = RawClient.requestText(port, "/a%20b/c?state=x", { host: `[::1]:${port}` })
      const answer = yield* Effect.promise(() => RawClient.send(port, text, { address: "::1" }).received)
      assert.strictEqual(RawClient.statusOf(answer), 400)
    })
  ),
  live(
    "gives every flow a state and an address of its own",
    Effect.gen(function* () {
      const { layer } = yield* Harness.make
      const flows = yield* Effect.provide(
        Effect.forEach(Array.from({ length: 50 }), () => CallbackFlow.open(), { concurrency: "unbounded" }),
        layer
      )
      assert.strictEqual(new Set(flows.map(({ state }) => Redacted.value(state))).size, 50)
      assert.strictEqual(new Set(flows.map(({ redirectUri }) => redirectUri)).size, 50)
    })
  ),
  live(
    "sends pastes to the flows whose state they carry, whatever the order",
    Effect.gen(function* () {
      const { layer, notices, paste } = yield* Harness.make
      const flows = yield* Effect.provide(Effect.forEach([0, 1, 2, 3], () => CallbackFlow.open()), layer)
      const waiting = yield* Effect.forEach(
        flows,
        (flow) => Effect.fork(flow.authorize({ url: Harness.urlFor(flow), present: false }))
      )
      const address = (index: number) => Harness.answerFor(flows[index]!, { code: `code-${index}` }).href
      yield* paste(address(2))
      yield* paste("of no flow")
      yield* Harness.pause(10)
      yield* paste(`${address(3)}\n${address(0)}`)
      yield* paste(address(1))
      const granted = yield* Effect.forEach(waiting, Fiber.join)
      assert.deepStrictEqual(granted.map(({ code }) => Redacted.value(code)), ["code-0", "code-1", "code-2", "code-3"])
      const refusals = notices.filter(({ _tag }) => _tag === "PasteRefused")
      assert.strictEqual(refusals.length, 1, "the person is told once, not once for each flow")
    })
  )
]
