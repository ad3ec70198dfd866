/** What spends a code or a refresh token outlives whoever waits for it, and what it brings is kept. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import * as McpHarness from "../fixtures/McpHarness.ts"

const { accessTokenOf, call, started, word } = McpHarness

const requestTimeout = "400 millis"

const grants = [
  ["the exchange of a code", "authorization_code"],
  ["a refresh", "refresh_token"]
] as const

/** A fetch that holds back the answer of the next token request until `release` is run. */
const holding = Effect.gen(function* () {
  const arrived = yield* Deferred.make<void>()
  const released = yield* Deferred.make<void>()
  let isHeld = true
  const hold = async (url: string | URL, init?: RequestInit) => {
    const response = await fetch(url, init)
    if (isHeld && String(url).endsWith("/token")) {
      isHeld = false
      await Effect.runPromise(Deferred.succeed(arrived, undefined))
      await Effect.runPromise(Deferred.await(released))
    }
    return response
  }
  return { arrived: Deferred.await(arrived), fetch: hold, release: Deferred.succeed(released, undefined) }
})

for (const [what, grantType] of grants) {
  /** Somebody who has yet to sign in, or whose token has to be refreshed; the token endpoint's answer is held back. */
  const world = Effect.gen(function* () {
    const harness = yield* McpHarness.world()
    const { authorizationServer, editTokens, signedIn, stored } = harness
    if (grantType === "refresh_token") {
      yield* signedIn
      authorizationServer.expireAll()
      editTokens((tokens) => ({ ...tokens, expiresAt: Date.now() - 1 }))
    }
    const held = yield* holding
    const before = accessTokenOf(stored())
    const sent = () => authorizationServer.count("token", grantType)
    const first = sent()
    const { close, oauth } = yield* harness.open({ requestTimeout, fetch: held.fetch })
    /** One request was sent, its tokens were kept, and nobody was asked again. */
    const assertKept = () => {
      assert.notStrictEqual(accessTokenOf(stored()), before)
      assert.strictEqual(sent() - first, 1)
      assert.strictEqual(authorizationServer.reuses(), 0)
      assert.strictEqual(harness.windows(), 1)
    }
    return { ...harness, assertKept, close, held, oauth }
  })

  describe(`${what} that is answered later than requestTimeout`, () => {
    it.scopedLive("is told of, goes on, and the next request waits for its tokens", () =>
      Effect.gen(function* () {
        const { assertKept, held, oauth, server } = yield* world
        const late = yield* call(oauth, server.url)
        assert.deepInclude(late as object, { _tag: "TokenError", reason: "TimedOut", grant: grantType })
        const next = yield* started(call(oauth, server.url))
        yield* held.release
        assert.strictEqual(yield* next, 200)
        assertKept()
      }))

    it.scopedLive("is waited for by ensure too, and by another object of the same store", () =>
      Effect.gen(function* () {
        const { assertKept, held, oauth, open, server } = yield* world
        assert.strictEqual(word(yield* call(oauth, server.url)), "TokenError")
        const ensuring = yield* Effect.fork(oauth.ensure)
        const other = yield* open()
        const request = yield* started(call(other.oauth, server.url))
        yield* Effect.yieldNow()
        yield* held.release
        yield* Fiber.join(ensuring)
        assert.strictEqual(yield* request, 200)
        assertKept()
      }))

    it.scopedLive("goes on when its callers abort", () =>
      Effect.gen(function* () {
        const { assertKept, held, oauth, server } = yield* world
        const aborter = new AbortController()
        const aborted = yield* started(call(oauth, server.url, { signal: aborter.signal }))
        const ensuring = yield* Effect.fork(oauth.ensure)
        yield* held.arrived
        aborter.abort()
        yield* Fiber.interrupt(ensuring)
        assert.strictEqual(word(yield* aborted), "AbortError")
        const next = yield* started(call(oauth, server.url))
        yield* held.release
        assert.strictEqual(yield* next, 200)
        assertKept()
      }))

    it.scopedLive("goes on when only ensure waited, and that was interrupted", () =>
      Effect.gen(function* () {
        const { assertKept, held, oauth, server } = yield* world
        const ensuring = yield* Effect.fork(oauth.ensure)
        yield* held.arrived
        yield* Fiber.interrupt(ensuring)
        const next = yield* started(call(oauth, server.url))
        yield* held.release
        assert.strictEqual(yield* next, 200)
        assertKept()
      }))

    it.scopedLive("goes on after the close, and whoever comes next waits for it", () =>
      Effect.gen(function* () {
        const { assertKept, close, held, oauth, open, server } = yield* world
        const waiting = yield* started(call(oauth, server.url))
        yield* held.arrived
        yield* close
        assert.include(["Closed", "TokenError"], word(yield* waiting))
        const next = yield* open()
        const request = yield* started(call(next.oauth, server.url))
        yield* held.release
        assert.strictEqual(yield* request, 200)
        assertKept()
      }))
  })
}

describe("a sign-in whose exchange is late", () => {
  it.scopedLive("is not kept when somebody signs out meanwhile", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, stored } = yield* McpHarness.world()
      const held = yield* holding
      const { oauth } = yield* open({ requestTimeout, fetch: held.fetch })
      assert.strictEqual(word(yield* call(oauth, server.url)), "TokenError")
      yield* oauth.logout
      const next = yield* started(Effect.exit(oauth.ensure))
      yield* held.release
      yield* next
      assert.strictEqual(authorizationServer.windows(), 2)
      assert.strictEqual(authorizationServer.count("token", "authorization_code"), 2)
      assert.isDefined(stored()?.tokens)
    }))
})
