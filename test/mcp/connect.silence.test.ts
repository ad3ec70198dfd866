/** A server that takes `initialize` and never answers: the clock is a test's, the sockets are real. */
import { assert, it } from "@effect/vitest"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { Effect, Either, Fiber, Option, TestClock } from "effect"
import { McpOAuth } from "../../src/mcp.ts"
import { pause, until } from "../fixtures/Harness.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"

/** Lets fibers that wait for a socket come to their next step. */
const turn = pause(30)

const connect = (serverUrl: string) =>
  Effect.either(McpOAuth.connect(new Client({ name: "test", version: "1.0.0" }), { serverUrl }))

it.scoped("connect gives up after a minute of silence", () =>
  Effect.gen(function* () {
    const { layer, server, signedIn } = yield* McpHarness.world()
    yield* signedIn
    const before = server.requests.length
    server.fail("resource", "hang", { times: Infinity })
    const connecting = yield* Effect.fork(Effect.scoped(Effect.provide(connect(server.url), layer)))
    yield* until(() => server.requests.length > before)
    yield* TestClock.adjust("59 seconds")
    yield* turn
    assert.isTrue(Option.isNone(yield* Fiber.poll(connecting)))
    yield* TestClock.adjust("2 seconds")
    const result = yield* Fiber.join(connecting)
    assert.isTrue(Either.isLeft(result))
    if (Either.isRight(result)) return
    assert.strictEqual(result.left._tag, "McpConnectError")
    assert.include(result.left.message, "did not answer within 60 s")
  }))

it.scoped("connect does not count the time that a person takes", () =>
  Effect.gen(function* () {
    const { answer, authorizationServer, layer, person, server, signedIn, windows } = yield* McpHarness.world()
    yield* signedIn
    authorizationServer.revokeAll()
    person.mode = "waits"
    const shown = windows()
    const connecting = yield* Effect.fork(Effect.scoped(Effect.provide(connect(server.url), layer)))
    yield* until(() => windows() > shown)
    yield* TestClock.adjust("4 minutes")
    yield* turn
    assert.isTrue(Option.isNone(yield* Fiber.poll(connecting)))
    yield* answer
    const result = yield* Fiber.join(connecting)
    // The protected server speaks no MCP: what counts is that the client got as far as its answer.
    if (Either.isLeft(result)) assert.notInclude(result.left.message, "did not answer")
  }))
