/** The kit as services: a user's agent in Effect, as README shows it, and the clock of a test. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Layer, TestClock } from "effect"
import { McpOAuth } from "effect-oauth-callback/mcp"
import { layer as nodeLayer } from "effect-oauth-callback/node"
import {
  layerPaste,
  layerPresenter,
  layerServers,
  TestAuthorizationServer,
  TestBrowser,
  TestMcpServer,
  TestPaste
} from "effect-oauth-callback/testing/effect"

const agent = (serverUrl: string) =>
  Effect.gen(function* () {
    const { client } = yield* McpOAuth.connect(new Client({ name: "agent", version: "1.0.0" }), { serverUrl })
    return yield* Effect.promise(() => client.callTool({ name: "greet", arguments: { name: "Ada" } }))
  })

const services = Layer.mergeAll(
  layerServers({ mcpServer: { tools: { greet: ({ name }) => `Hello ${name}` } } }),
  nodeLayer.pipe(Layer.merge(layerPresenter()), Layer.merge(layerPaste))
)

it.scoped("an agent signs in and greets", () =>
  Effect.gen(function* () {
    const { url } = yield* TestMcpServer
    const { content } = yield* agent(url)
    assert.deepStrictEqual(content, [{ type: "text", text: "Hello Ada" }])
    yield* Effect.flatMap(TestBrowser, ({ done }) => done)
  }).pipe(Effect.provide(services)))

it.scoped("a person says no, and another one comes back by a paste", () =>
  Effect.gen(function* () {
    const { url } = yield* TestMcpServer
    const { windows } = yield* TestAuthorizationServer
    const browser = yield* TestBrowser
    browser.behaviour = "deny"
    const denied = yield* Effect.flip(agent(url))
    assert.strictEqual(denied._tag, "AuthorizationDenied")
    browser.behaviour = "wanderOff"
    yield* browser.takeShown
    const waiting = yield* Effect.fork(agent(url))
    const { url: page } = yield* browser.takeShown
    const { paste } = yield* TestPaste
    yield* paste(yield* browser.addressAfter(page))
    yield* Fiber.join(waiting)
    assert.strictEqual(browser.shown.length, 2)
    assert.include(browser.notices.map(({ _tag }) => _tag), "PasteAccepted")
    assert.strictEqual(windows(), 3)
  }).pipe(Effect.provide(services)))

it.scoped("tokens expire when a test turns its clock, and are refreshed without a person", () =>
  Effect.gen(function* () {
    const { refreshes, windows } = yield* TestAuthorizationServer
    const { count, url } = yield* TestMcpServer
    const { fetch } = yield* McpOAuth.make({ serverUrl: url })
    const status = Effect.promise(() => fetch(url).then(({ status }) => status))
    assert.strictEqual(yield* status, 405)
    yield* TestClock.adjust("2 hours")
    assert.strictEqual(yield* status, 405)
    assert.deepStrictEqual([windows(), refreshes(), count("resource", 405)], [1, 1, 2])
  }).pipe(Effect.provide(services)))
