/** An authorization server that says when to ask again: until then nothing is asked, and the error says so. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { byStoreAndKey } from "../../src/mcp/byStoreAndKey.ts"
import { CredentialStore } from "../../src/store/CredentialStore.ts"
import { pause } from "../fixtures/Harness.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"

const { call } = McpHarness

const always = { times: Number.POSITIVE_INFINITY }
const busy = (status: number, after: string) => ({ status, headers: { "retry-after": after } })

/** Checks an error of the kind, whose time is so many seconds from now, and which says so. */
const assertBusy = (outcome: unknown, tag: string, seconds: number): void => {
  assert.deepInclude(outcome as object, { _tag: tag, reason: "ServerError" })
  const { message, retryAfter = 0 } = outcome as { readonly message: string; readonly retryAfter?: number }
  assert.approximately(retryAfter, Date.now() + seconds * 1000, 5000)
  assert.match(message, /not asked again before \d\d:\d\d:\d\d UTC/)
}

describe("a token endpoint", () => {
  for (const status of [429, 503]) {
    it.scopedLive(`that answers ${status} is asked once by thirty requests, and no metadata for its sake`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world()
        yield* world.signedIn
        const { authorizationServer, open, server } = world
        authorizationServer.expireAll()
        const before = authorizationServer.count("metadata")
        authorizationServer.fail("token", busy(status, "60"), always)
        const { oauth } = yield* open()
        for (let round = 0; round < 30; round++) assertBusy(yield* call(oauth, server.url), "TokenError", 60)
        assert.isTrue((yield* oauth.status).isSignedIn)
        // Nor is it asked by another object.
        const { oauth: other } = yield* open()
        assertBusy(yield* call(other, server.url), "TokenError", 60)
        assert.strictEqual(authorizationServer.count("token", "refresh_token"), 1)
        assert.strictEqual(authorizationServer.count("metadata"), before + 1)
        // A person would only be asked in vain.
        assertBusy(yield* Effect.flip(oauth.login), "TokenError", 60)
        assert.strictEqual(world.windows(), 1)
      }))
  }

  it.scopedLive("is asked again when its time is over", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      yield* world.signedIn
      world.authorizationServer.expireAll()
      world.authorizationServer.fail("token", busy(429, "1"))
      const { oauth } = yield* world.open()
      assertBusy(yield* call(oauth, world.server.url), "TokenError", 1)
      assertBusy(yield* call(oauth, world.server.url), "TokenError", 1)
      assert.strictEqual(world.authorizationServer.count("token", "refresh_token"), 1)
      yield* pause(1100)
      assert.strictEqual(yield* call(oauth, world.server.url), 200)
      assert.strictEqual(world.windows(), 1)
    }))

  it.scopedLive("that names a day is asked again after ten minutes", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      yield* world.signedIn
      world.authorizationServer.expireAll()
      const date = new Date(Date.now() + 86_400_000).toUTCString()
      world.authorizationServer.fail("token", busy(503, date))
      const { oauth } = yield* world.open()
      assertBusy(yield* call(oauth, world.server.url), "TokenError", 600)
    }))
})

it.scopedLive("a registration endpoint is asked once, and no metadata for its sake", () =>
  Effect.gen(function* () {
    const { authorizationServer, open, windows } = yield* McpHarness.world()
    authorizationServer.fail("register", busy(429, "60"), always)
    const { oauth } = yield* open()
    for (let round = 0; round < 5; round++) assertBusy(yield* Effect.flip(oauth.login), "RegistrationError", 60)
    assert.deepStrictEqual([authorizationServer.count("register"), authorizationServer.count("metadata")], [1, 1])
    assert.strictEqual(windows(), 0)
  }))

it.scopedLive("metadata is asked for once at each place", () =>
  Effect.gen(function* () {
    const { authorizationServer, open, windows } = yield* McpHarness.world()
    authorizationServer.fail("metadata", busy(503, "60"), always)
    const { oauth } = yield* open()
    for (let round = 0; round < 5; round++) assertBusy(yield* Effect.flip(oauth.login), "DiscoveryError", 60)
    assert.deepStrictEqual([authorizationServer.count("metadata"), windows()], [2, 0])
  }))

describe("what is shared by store and key", () => {
  it.effect("is made for who asks, and leaves nothing behind for who looks", () =>
    Effect.gen(function* () {
      const shared = byStoreAndKey(() => new Set<string>())
      const store = yield* CredentialStore.memory
      const key = { serverUrl: "https://mcp.example/" }
      assert.isUndefined(shared.made(store, key))
      assert.isUndefined(shared.made(store, key))
      const made = shared(store, key)
      assert.strictEqual(shared.made(store, key), made)
      assert.isUndefined(shared.made(store, { ...key, account: "ann" }))
    }))
})
