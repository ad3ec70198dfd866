/** What `oauth.fetch` does when a token is refused: a refresh first, a person when nothing else helps, and never twice. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, TestClock } from "effect"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { Fault } from "../fixtures/ScriptedAuthorizationServer.ts"

const { accessTokenOf, call, started, word } = McpHarness

const always = { times: Number.POSITIVE_INFINITY }
const onRefresh = { grantType: "refresh_token" }

const calls = (count: number, run: () => Effect.Effect<McpHarness.Outcome>) =>
  Effect.map(
    Effect.all(Array.from({ length: count }, run), { concurrency: "unbounded" }),
    (outcomes) => outcomes.map(word)
  )

/** A world in which somebody signed in earlier, whose token is refused now; windows are counted from here. */
const refused = (options?: Parameters<typeof McpHarness.world>[0]) =>
  Effect.gen(function* () {
    const world = yield* McpHarness.world(options)
    yield* world.signedIn
    world.authorizationServer.expireAll()
    let cut = new AbortController()
    const { oauth } = yield* world.open({
      requestTimeout: "300 millis",
      fetch: (url, init) => {
        const signals = [init?.signal, cut.signal].filter((signal) => signal !== undefined && signal !== null)
        return fetch(url, { ...init, signal: AbortSignal.any(signals) })
      }
    })
    /** Every request under way fails. */
    const cutAll = () => {
      cut.abort()
      cut = new AbortController()
    }
    return { ...world, cutAll, oauth, windows: () => world.windows() - 1 }
  })

const faults: ReadonlyArray<readonly [what: string, fault: Fault, reason: string]> = [
  ["is cut", "reset", "Unreachable"],
  ["hangs", "hang", "TimedOut"],
  ["answers 503", { status: 503, body: "down" }, "ServerError"],
  ["answers 429", { status: 429, body: { error: "slow_down" } }, "ServerError"],
  ["answers like a captive portal", "html", "InvalidResponse"],
  ["answers with an error of 500", { error: "server_error", status: 500 }, "ServerError"],
  ["is sent elsewhere", { redirect: "http://127.0.0.1:9/", status: 307 }, "InvalidResponse"],
  ["has a token of another kind", { status: 200, body: { access_token: "a", token_type: "DPoP" } }, "InvalidResponse"]
]

describe("McpOAuth.fetch, when a token is refused", () => {
  it.scopedLive("refreshes, and asks no person", () =>
    Effect.gen(function* () {
      const { authorizationServer, oauth, server, stored, windows } = yield* refused()
      const before = accessTokenOf(stored())
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.notStrictEqual(accessTokenOf(stored()), before)
      assert.strictEqual(authorizationServer.refreshes(), 1)
      assert.strictEqual(windows(), 0)
      assert.strictEqual(authorizationServer.requests.at(-1)?.params.get("resource"), server.url)
    }))

  it.scopedLive("keeps a refresh token that is not replaced", () =>
    Effect.gen(function* () {
      const { authorizationServer, oauth, server, stored, windows } = yield* refused({
        authorizationServer: { rotate: false }
      })
      const token = stored()?.tokens?.refreshToken
      for (const round of [1, 2, 3]) {
        assert.strictEqual(yield* call(oauth, server.url), 200)
        assert.strictEqual(authorizationServer.refreshes(), round)
        authorizationServer.expireAll()
      }
      const kept = stored()?.tokens?.refreshToken
      assert.strictEqual(kept && Redacted.value(kept), token && Redacted.value(token))
      assert.strictEqual(windows(), 0)
    }))

  it.scopedLive("asks a person once where there is no refresh token", () =>
    Effect.gen(function* () {
      const { authorizationServer, oauth, server, windows } = yield* refused({
        authorizationServer: { refreshTokens: "never" }
      })
      assert.deepStrictEqual(yield* calls(10, () => call(oauth, server.url)), Array(10).fill(200))
      assert.strictEqual(windows(), 1)
      assert.strictEqual(authorizationServer.count("token", "refresh_token"), 0)
    }))

  it.scopedLive("asks a person once when the refreshed token is refused too", () =>
    Effect.gen(function* () {
      const { authorizationServer, oauth, server, windows } = yield* refused()
      server.knobs.verify = (token, resource) =>
        windows() === 0 ? Promise.resolve(undefined) : authorizationServer.verify(token, resource)
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(authorizationServer.refreshes(), 1)
      assert.strictEqual(windows(), 1)
    }))

  for (const [whose, signedIn] of [["nobody was", false], ["somebody was", true]] as const) {
    it.scopedLive(`opens one window for a server that refuses every token, where ${whose} signed in`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world()
        if (signedIn) yield* world.signedIn
        const before = world.windows()
        const windows = () => world.windows() - before
        const { authorizationServer, server } = world
        const { oauth } = yield* world.open()
        server.knobs.refuseAll = true
        const response = yield* Effect.promise(() => oauth.fetch(server.url))
        assert.strictEqual(response.status, 401)
        assert.strictEqual(yield* Effect.promise(() => response.text()), '{"error":"invalid_token"}')
        assert.strictEqual(windows(), 1)
        assert.isAtMost(authorizationServer.refreshes(), 1)
        const refused = Array(10).fill("InteractionRequired")
        assert.deepStrictEqual(yield* calls(10, () => call(oauth, server.url)), refused)
        // What a person just got may be refreshed once, for what it is worth.
        const refreshes = authorizationServer.refreshes()
        assert.isAtMost(refreshes, 2)
        assert.deepStrictEqual(yield* calls(10, () => call(oauth, server.url)), refused)
        assert.deepInclude((yield* call(oauth, server.url)) as object, { reason: "Rejected" })
        assert.strictEqual(windows(), 1)
        assert.strictEqual(authorizationServer.refreshes(), refreshes)
        // As soon as it takes one, all is as it was.
        server.knobs.refuseAll = false
        assert.strictEqual(yield* call(oauth, server.url), 200)
        assert.strictEqual(windows(), 1)
        authorizationServer.revokeAll()
        assert.strictEqual(yield* call(oauth, server.url), 200)
        assert.strictEqual(windows(), 2)
      }))
  }

  it.scopedLive("opens one window where 50 requests at once are refused for ever", () =>
    Effect.gen(function* () {
      const { open, server, windows } = yield* McpHarness.world()
      const { oauth } = yield* open()
      server.knobs.refuseAll = true
      assert.deepStrictEqual(yield* calls(50, () => call(oauth, server.url)), Array(50).fill(401))
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("asks a person once when the refresh token is worth nothing any more", () =>
    Effect.gen(function* () {
      const { authorizationServer, oauth, server, windows } = yield* refused()
      authorizationServer.revokeAll()
      assert.deepStrictEqual(yield* calls(10, () => call(oauth, server.url)), Array(10).fill(200))
      assert.strictEqual(authorizationServer.count("token", "refresh_token"), 1)
      assert.strictEqual(authorizationServer.count("register"), 1, "the registration is still good")
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("registers anew when the server does not know the program any more", () =>
    Effect.gen(function* () {
      const { authorizationServer, oauth, server, stored, windows } = yield* refused()
      const clientId = stored()?.client?.clientId ?? ""
      authorizationServer.forgetClient(clientId)
      assert.deepStrictEqual(yield* calls(10, () => call(oauth, server.url)), Array(10).fill(200))
      assert.strictEqual(authorizationServer.count("register"), 2)
      // It may not have known it for a moment only, so it is asked twice.
      assert.strictEqual(authorizationServer.count("token", "refresh_token"), 2)
      assert.strictEqual(windows(), 1)
      assert.notStrictEqual(stored()?.client?.clientId, clientId)
    }))

  for (const [what, fault, reason] of faults) {
    it.scopedLive(`fails, keeps everything and opens no window, where the refresh ${what}`, () =>
      Effect.gen(function* () {
        const { authorizationServer, cutAll, oauth, server, stored, store, windows } = yield* refused()
        const before = stored()
        const writes = store.writes.length
        authorizationServer.fail("token", fault, { ...always, ...onRefresh })
        const outcomes = yield* Effect.all(Array.from({ length: 5 }, () => call(oauth, server.url)), {
          concurrency: "unbounded"
        })
        for (const outcome of outcomes) {
          assert.deepInclude(outcome as object, { _tag: "TokenError", reason, grant: "refresh_token" })
        }
        assert.strictEqual(authorizationServer.count("token", "refresh_token"), 1)
        assert.deepStrictEqual(stored(), before)
        assert.strictEqual(store.writes.length, writes)
        authorizationServer.heal()
        // The next one waits for what was sent: its answer may still come.
        cutAll()
        assert.strictEqual(yield* call(oauth, server.url), 200)
        assert.strictEqual(windows(), 0)
        assert.strictEqual(authorizationServer.reuses(), 0)
      }))
  }

  for (const where of ["the authorization server's", "the server's own"] as const) {
    for (const [what, fault, reason] of faults.slice(0, 3)) {
      it.scopedLive(`fails, keeps everything and opens no window, where ${where} metadata ${what}`, () =>
        Effect.gen(function* () {
          const { authorizationServer, oauth, server, stored, windows } = yield* refused()
          const before = stored()
          if (where === "the server's own") server.fail("metadata", fault, always)
          else authorizationServer.fail("metadata", fault, always)
          assert.deepInclude((yield* call(oauth, server.url)) as object, { _tag: "DiscoveryError", reason })
          assert.deepStrictEqual(stored(), before)
          authorizationServer.heal()
          server.heal()
          assert.strictEqual(yield* call(oauth, server.url), 200)
          assert.strictEqual(authorizationServer.refreshes(), 1)
          assert.strictEqual(windows(), 0)
        }))
    }
  }

  it.scopedLive("says once that a refresh's answer was lost, then asks a person once", () =>
    Effect.gen(function* () {
      const { authorizationServer, oauth, server, windows } = yield* refused()
      authorizationServer.fail("token", "lost", onRefresh)
      assert.deepInclude((yield* call(oauth, server.url)) as object, { _tag: "TokenError", reason: "Unreachable" })
      assert.strictEqual(windows(), 0)
      // The old refresh token is all there is. A server that sees it twice ends the sign-in.
      assert.deepStrictEqual(yield* calls(5, () => call(oauth, server.url)), Array(5).fill(200))
      assert.strictEqual(authorizationServer.reuses(), 1)
      assert.strictEqual(windows(), 1)
    }))

  it.scoped("goes on with a token that has some seconds left while it cannot be renewed", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, signedIn, windows } = yield* McpHarness.world({
        authorizationServer: { expiresIn: 60 }
      })
      const { oauth } = yield* open()
      yield* signedIn
      authorizationServer.fail("token", { status: 503 }, { ...always, ...onRefresh })
      assert.strictEqual(yield* call(oauth, server.url), 200)
      yield* TestClock.adjust("31 seconds")
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(authorizationServer.count("token", "refresh_token"), 1)
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(word(yield* call(oauth, server.url)), "TokenError")
      authorizationServer.heal()
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(windows(), 1)
    }))

  it.scoped("renews a token before its end, before anybody refuses it", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, windows } = yield* McpHarness.world({
        authorizationServer: { expiresIn: 60 }
      })
      const { oauth } = yield* open()
      assert.strictEqual(yield* call(oauth, server.url), 200)
      yield* TestClock.adjust("31 seconds")
      assert.deepStrictEqual(yield* calls(20, () => call(oauth, server.url)), Array(20).fill(200))
      assert.strictEqual(authorizationServer.refreshes(), 1)
      assert.strictEqual(server.count("resource", 401), 1)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("says once that new tokens could not be stored, uses them all the same, and stores them later", () =>
    Effect.gen(function* () {
      const { authorizationServer, notices, oauth, server, store, stored, windows } = yield* refused()
      const spent = accessTokenOf(stored())
      store.fail("write")
      assert.deepStrictEqual(yield* calls(5, () => call(oauth, server.url)), Array(5).fill(200))
      assert.strictEqual(authorizationServer.refreshes(), 1)
      assert.strictEqual(notices.filter(({ _tag }) => _tag === "TokensNotStored").length, 1)
      assert.deepStrictEqual(yield* calls(5, () => call(oauth, server.url)), Array(5).fill(200))
      assert.strictEqual(authorizationServer.refreshes(), 1)
      assert.notStrictEqual(accessTokenOf(stored()), spent)
      // The rotated refresh token was not lost either, and what comes of it is stored.
      authorizationServer.expireAll()
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(authorizationServer.refreshes(), 2)
      assert.strictEqual(authorizationServer.reuses(), 0)
      const token = accessTokenOf(stored()) ?? ""
      assert.isDefined(yield* Effect.promise(() => authorizationServer.verify(token, server.url)))
      assert.strictEqual(windows(), 0)
    }))

  it.scopedLive("asks a person once where the tokens of a sign-in could not be stored", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const { answer, authorizationServer, open, person, server, signedIn, store, stored, untilShown, windows } = world
      yield* signedIn
      const { client, issuer } = stored() ?? { client: undefined, issuer: "" }
      store.poke(server.url, { issuer, client })
      const { oauth } = yield* open()
      person.mode = "waits"
      const outcome = yield* started(call(oauth, server.url))
      yield* untilShown(2)
      // From here on: that the registration is used was stored before the window.
      store.fail("write")
      yield* answer
      person.mode = "answers"
      assert.strictEqual(word(yield* outcome), "CredentialStoreError")
      assert.strictEqual(windows(), 2)
      assert.strictEqual(yield* call(oauth, server.url), 200)
      authorizationServer.expireAll()
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(windows(), 2)
    }))

  it.scopedLive("fails while the store cannot be read, and goes on when it can", () =>
    Effect.gen(function* () {
      const { open, server, signedIn, store, windows } = yield* McpHarness.world()
      yield* signedIn
      const { oauth } = yield* open()
      store.fail("read")
      assert.strictEqual(word(yield* call(oauth, server.url)), "CredentialStoreError")
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("rejects all who wait when the person says no, and asks again when the program does", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, windows } = yield* McpHarness.world()
      const { oauth } = yield* open()
      authorizationServer.knobs.authorize = { error: "access_denied" }
      assert.deepStrictEqual(yield* calls(10, () => call(oauth, server.url)), Array(10).fill("AuthorizationDenied"))
      assert.strictEqual(windows(), 1)
      authorizationServer.knobs.authorize = "approve"
      const next = yield* call(oauth, server.url)
      assert.deepInclude(next as object, { _tag: "InteractionRequired", reason: "Declined" })
      assert.strictEqual(windows(), 1)
      yield* oauth.ensure
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(windows(), 2)
    }))
})
