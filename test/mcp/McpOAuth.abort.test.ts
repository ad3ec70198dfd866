/** Aborts and interrupts: whoever leaves early leaves at once, and takes nobody along. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { pause, timed, until } from "../fixtures/Harness.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"

const { accessTokenOf, call, isPortFree, started, word } = McpHarness

const onRefresh = { grantType: "refresh_token" }

describe("McpOAuth, aborted", () => {
  it.scopedLive("rejects with the reason of a signal that was aborted before, and asks nobody", () =>
    Effect.gen(function* () {
      const { open, server, windows } = yield* McpHarness.world()
      const { oauth } = yield* open()
      const reason = { _tag: "changed my mind" }
      assert.strictEqual(yield* call(oauth, server.url, { signal: AbortSignal.abort(reason) }), reason)
      assert.strictEqual(server.requests.length, 0)
      assert.strictEqual(windows(), 0)
    }))

  it.scopedLive("rejects at once with the signal's reason while it waits for a person, and others get their answer", () =>
    Effect.gen(function* () {
      const { answer, open, person, server, untilShown, windows } = yield* McpHarness.world()
      person.mode = "waits"
      const { oauth } = yield* open()
      const aborter = new AbortController()
      const reason = new Error("changed my mind")
      const first = yield* started(call(oauth, server.url, { signal: aborter.signal }))
      const second = yield* started(call(oauth, server.url))
      yield* untilShown(1)
      aborter.abort(reason)
      const { millis, value } = yield* timed(first)
      assert.strictEqual<unknown>(value, reason)
      assert.isBelow(millis, 1000)
      yield* answer
      assert.strictEqual(yield* second, 200)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("lets a sign-in go on that no request waits for any more, and uses what it brings", () =>
    Effect.gen(function* () {
      const { answer, authorizationServer, open, person, server, stored, untilShown, waiting, windows } =
        yield* McpHarness.world()
      person.mode = "waits"
      const { oauth } = yield* open()
      const aborter = new AbortController()
      const only = yield* started(call(oauth, server.url, { signal: aborter.signal }))
      yield* untilShown(1)
      aborter.abort()
      assert.strictEqual(word(yield* only), "AbortError")
      yield* pause(50)
      assert.strictEqual(waiting(), 1)
      yield* answer
      yield* until(() => stored()?.tokens !== undefined)
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(authorizationServer.count("token"), 1)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("rejects at once with the signal's reason while a token is refreshed, which is kept", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, signedIn, stored } = yield* McpHarness.world()
      yield* signedIn
      const before = accessTokenOf(stored())
      authorizationServer.expireAll()
      authorizationServer.knobs.refreshLatency = 1500
      const { oauth } = yield* open()
      const aborter = new AbortController()
      const reason = new Error("changed my mind")
      const only = yield* started(call(oauth, server.url, { signal: aborter.signal }))
      yield* until(() => authorizationServer.count("token", "refresh_token") === 1)
      aborter.abort(reason)
      const { millis, value } = yield* timed(only)
      assert.strictEqual<unknown>(value, reason)
      assert.isBelow(millis, 1000)
      yield* until(() => accessTokenOf(stored()) !== before)
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(authorizationServer.count("token", "refresh_token"), 1)
      assert.strictEqual(authorizationServer.reuses(), 0)
    }))

  it.scopedLive("rejects with the signal's reason while a body is read that never ends", () =>
    Effect.gen(function* () {
      const { open, server } = yield* McpHarness.world()
      const { oauth } = yield* open()
      const aborter = new AbortController()
      const reason = new Error("changed my mind")
      let cancelled = false
      const body = new ReadableStream<Uint8Array>({
        cancel: () => {
          cancelled = true
        }
      })
      const init = { method: "POST", body, signal: aborter.signal, duplex: "half" } as RequestInit
      const only = yield* started(call(oauth, server.url, init))
      yield* pause(20)
      aborter.abort(reason)
      assert.strictEqual<unknown>(yield* Effect.timeout(only, "1 second"), reason)
      assert.isTrue(cancelled)
    }))

  it.scopedLive("an answer that streams ends with its signal", () =>
    Effect.gen(function* () {
      const { open, server } = yield* McpHarness.world()
      const { oauth } = yield* open()
      const aborter = new AbortController()
      const url = `${server.origin}/stream?pieces=Infinity&every=5`
      const response = yield* Effect.promise(() => oauth.fetch(url, { signal: aborter.signal }))
      const rest = yield* started(Effect.promise(() => response.text().then(() => "ended", () => "cut")))
      yield* pause(20)
      aborter.abort()
      assert.strictEqual(yield* rest, "cut")
    }))
})

describe("McpOAuth.ensure, interrupted", () => {
  it.scopedLive("by its only waiter ends the sign-in, and the next one begins anew", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.person.mode = "waits"
      const { oauth } = yield* world.open()
      const only = yield* Effect.fork(oauth.ensure)
      yield* world.untilShown(1)
      yield* Fiber.interrupt(only)
      yield* until(() => world.waiting() === 0)
      assert.isTrue(yield* isPortFree(world))
      world.person.mode = "answers"
      yield* oauth.ensure
      assert.strictEqual(world.windows(), 2)
      assert.strictEqual(yield* call(oauth, world.server.url), 200)
    }))

  it.scopedLive("by its only waiter loses no refresh token that was spent already", () =>
    Effect.gen(function* () {
      const { authorizationServer, editTokens, open, server, signedIn, windows } = yield* McpHarness.world()
      yield* signedIn
      editTokens((tokens) => ({ ...tokens, expiresAt: Date.now() - 1 }))
      authorizationServer.fail("token", { delayMillis: 200 }, onRefresh)
      const { oauth } = yield* open()
      const only = yield* Effect.fork(oauth.ensure)
      yield* until(() => authorizationServer.count("token", "refresh_token") === 1)
      yield* Fiber.interrupt(only)
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(authorizationServer.count("token", "refresh_token"), 1)
      assert.strictEqual(authorizationServer.reuses(), 0)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("with another waiter goes on for that one", () =>
    Effect.gen(function* () {
      const { answer, open, person, untilShown, waiting, windows } = yield* McpHarness.world()
      person.mode = "waits"
      const { oauth } = yield* open()
      const first = yield* Effect.fork(oauth.ensure)
      yield* untilShown(1)
      const second = yield* Effect.fork(oauth.ensure)
      yield* pause(20)
      yield* Fiber.interrupt(first)
      yield* pause(50)
      assert.strictEqual(waiting(), 1)
      yield* answer
      yield* Fiber.join(second)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("while a request waits goes on for the request, also when that is aborted", () =>
    Effect.gen(function* () {
      const { answer, open, person, server, stored, untilShown, windows } = yield* McpHarness.world()
      person.mode = "waits"
      const { oauth } = yield* open()
      const ensuring = yield* Effect.fork(oauth.ensure)
      yield* untilShown(1)
      const aborter = new AbortController()
      const request = yield* started(call(oauth, server.url, { signal: aborter.signal }))
      yield* pause(20)
      yield* Fiber.interrupt(ensuring)
      aborter.abort()
      yield* request
      yield* answer
      yield* until(() => stored()?.tokens !== undefined)
      assert.strictEqual(windows(), 1)
    }))
})
