/** A refresh token that does not help any more, whatever the server calls it: a person is asked once, and nothing is lost. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import type { McpOAuthOptions } from "../../src/mcp.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { Fault } from "../fixtures/ScriptedAuthorizationServer.ts"

const { accessTokenOf, call, secretsOf, word } = McpHarness

const always = { times: Number.POSITIVE_INFINITY }
const onRefresh = { grantType: "refresh_token" }
const unattended = { interactive: false }

/** A world in which somebody signed in earlier, whose access token is over; windows are counted from here. */
const ended = Effect.gen(function* () {
  const world = yield* McpHarness.world()
  yield* world.signedIn
  world.authorizationServer.expireAll()
  return {
    ...world,
    windows: () => world.windows() - 1,
    refreshes: () => world.authorizationServer.count("token", "refresh_token")
  }
})

const refusals: Readonly<Record<string, Fault>> = {
  "invalid_grant": { error: "invalid_grant" },
  "invalid_grant with 401": { error: "invalid_grant", status: 401 },
  "invalid_request": { error: "invalid_request" },
  "invalid_token": { error: "invalid_token", status: 401 },
  "unauthorized_client": { error: "unauthorized_client", status: 403 },
  "a name of its own in a success": { error: "bad_refresh_token", status: 200 },
  "ok: false": { status: 200, body: { ok: false, error: "invalid_refresh_token" } },
  "401 and nothing": { status: 401 },
  "a success without a token": { status: 200, body: { token_type: "Bearer" } }
}

describe("a refresh that is refused", () => {
  for (const [what, fault] of Object.entries(refusals)) {
    it.scopedLive(`with ${what}, unattended: InteractionRequired, it is sent once, and nothing is erased`, () =>
      Effect.gen(function* () {
        const { authorizationServer, open, refreshes, server, stored, windows } = yield* ended
        const before = stored()
        authorizationServer.fail("token", fault, { ...always, ...onRefresh })
        const { oauth } = yield* open(unattended)
        assert.isTrue((yield* oauth.status).isSignedIn)
        for (let round = 0; round < 3; round++) {
          const outcome = yield* call(oauth, server.url)
          assert.deepInclude(outcome as object, { _tag: "InteractionRequired", reason: "Rejected" })
          assert.deepInclude(yield* Effect.flip(oauth.ensure), { _tag: "InteractionRequired", reason: "Rejected" })
        }
        assert.deepInclude(yield* oauth.status, { isSignedIn: false, isRefreshable: false })
        // Another run finds the mark.
        const { oauth: later } = yield* open(unattended)
        assert.deepInclude(yield* later.status, { isSignedIn: false, isRefreshable: false })
        assert.strictEqual(word(yield* call(later, server.url)), "InteractionRequired")
        assert.strictEqual(refreshes(), 1)
        assert.deepStrictEqual(secretsOf(stored()), secretsOf(before))
        assert.strictEqual(stored()?.client?.clientId, before?.client?.clientId)
        assert.strictEqual(windows(), 0)
      }))

    it.scopedLive(`with ${what}: a person is asked once, by the requests themselves`, () =>
      Effect.gen(function* () {
        const { authorizationServer, open, refreshes, server, stored, windows } = yield* ended
        authorizationServer.fail("token", fault, { ...always, ...onRefresh })
        const { oauth } = yield* open()
        const outcomes = yield* Effect.all(Array.from({ length: 5 }, () => call(oauth, server.url)), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(outcomes, Array(5).fill(200))
        assert.deepStrictEqual([refreshes(), windows()], [1, 1])
        assert.deepInclude(yield* oauth.status, { isSignedIn: true, isRefreshable: true })
        assert.isUndefined(stored()?.tokens?.refreshRefusedAt)
      }))
  }

  it.scopedLive("is not repeated by ensure, which asks the person", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, refreshes, windows } = yield* ended
      authorizationServer.fail("token", { error: "invalid_request" }, { ...always, ...onRefresh })
      yield* Effect.scoped(Effect.flatMap(open(unattended), ({ oauth }) => Effect.ignore(oauth.ensure)))
      const { oauth } = yield* open()
      yield* oauth.ensure
      // The access token is over for the server, not by its own time: the request finds it out.
      assert.isAtMost(refreshes(), 1)
      assert.isAtMost(windows(), 1)
    }))

  it.scopedLive("is tried once more after ten minutes: a server may have been wrong", () =>
    Effect.gen(function* () {
      const { authorizationServer, editTokens, open, refreshes, server, windows } = yield* ended
      authorizationServer.fail("token", { error: "invalid_grant" }, onRefresh)
      yield* Effect.scoped(Effect.flatMap(open(unattended), ({ oauth }) => call(oauth, server.url)))
      editTokens((tokens) => ({ ...tokens, refreshRefusedAt: (tokens.refreshRefusedAt ?? 0) - 600_000 }))
      const { oauth } = yield* open(unattended)
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.deepInclude(yield* oauth.status, { isSignedIn: true, isRefreshable: true })
      assert.deepStrictEqual([refreshes(), windows()], [2, 0])
    }))

  it.scopedLive("finds what somebody else stored meanwhile, and uses that", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, store, stored, windows } = yield* ended
      const before = stored()
      // Another process refreshes while the answer to this one is under way.
      const other = yield* open()
      assert.strictEqual(yield* call(other.oauth, server.url), 200)
      const newer = stored()
      assert.notStrictEqual(accessTokenOf(newer), accessTokenOf(before))
      store.poke(server.url, before)
      authorizationServer.fail("token", { error: "invalid_grant" }, onRefresh)
      const { oauth } = yield* open({
        interactive: false,
        fetch: async (url, init) => {
          const response = await fetch(url, init)
          if (String(url).endsWith("/token")) store.poke(server.url, newer)
          return response
        }
      })
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.deepStrictEqual(secretsOf(stored()), secretsOf(newer))
      assert.isUndefined(stored()?.tokens?.refreshRefusedAt)
      assert.strictEqual(windows(), 0)
    }))

  it.scopedLive("is InteractionRequired also where the store cannot be written", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, refreshes, server, store } = yield* ended
      authorizationServer.fail("token", { error: "invalid_grant" }, { ...always, ...onRefresh })
      store.fail("write", Number.POSITIVE_INFINITY)
      const { oauth } = yield* open(unattended)
      assert.strictEqual(word(yield* call(oauth, server.url)), "InteractionRequired")
      assert.strictEqual(word(yield* call(oauth, server.url)), "InteractionRequired")
      assert.strictEqual(refreshes(), 1)
    }))
})

describe("a client that the server does not know", () => {
  const byHand = (secret: string): Partial<McpOAuthOptions> => ({
    client: { clientId: "by-hand", clientSecret: Redacted.make(secret) }
  })

  it.scopedLive("is named by the options: a TokenError, each time, and nothing is marked or thrown away", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, refreshes, server, stored, windows } = yield* ended
      const credentials = stored()
      authorizationServer.addClient({
        client_id: "by-hand",
        client_secret: "right",
        redirect_uris: ["http://127.0.0.1/callback"],
        token_endpoint_auth_method: "client_secret_basic"
      })
      yield* Effect.scoped(Effect.flatMap(open(byHand("right")), ({ oauth }) => oauth.login))
      authorizationServer.expireAll()
      const before = stored()
      assert.notStrictEqual(before?.client?.clientId, credentials?.client?.clientId)
      const shown = windows()
      const { oauth } = yield* open(byHand("wrong"))
      for (let round = 0; round < 2; round++) {
        const outcome = yield* call(oauth, server.url)
        assert.deepInclude(outcome as object, { _tag: "TokenError", error: "invalid_client" })
      }
      assert.deepStrictEqual(stored(), before)
      // Each time once more, since it may pass.
      assert.deepStrictEqual([refreshes(), windows()], [4, shown])
      const { oauth: corrected } = yield* open({ ...byHand("right"), ...unattended })
      assert.strictEqual(yield* call(corrected, server.url), 200)
    }))

  it.scopedLive("for a moment, and knows it a second later: nobody is asked, and nothing is lost", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, refreshes, server, windows } = yield* ended
      authorizationServer.fail("token", { error: "invalid_client" }, onRefresh)
      const { oauth } = yield* open(unattended)
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.deepStrictEqual([refreshes(), authorizationServer.count("register"), windows()], [2, 1, 0])
    }))

  it.scopedLive("any more: unattended all stays, and a person costs one new registration", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, refreshes, server, stored, windows } = yield* ended
      const before = stored()
      authorizationServer.forgetClient(before?.client?.clientId ?? "")
      yield* Effect.scoped(Effect.gen(function* () {
        const { oauth } = yield* open(unattended)
        assert.strictEqual(word(yield* call(oauth, server.url)), "InteractionRequired")
        assert.strictEqual(word(yield* call(oauth, server.url)), "InteractionRequired")
      }))
      assert.strictEqual(refreshes(), 2)
      assert.deepStrictEqual(secretsOf(stored()), secretsOf(before))
      const { oauth } = yield* open()
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.deepStrictEqual([refreshes(), authorizationServer.count("register"), windows()], [2, 2, 1])
      assert.isUndefined(stored()?.client?.isInDoubt)
    }))
})

describe("the scopes of a refresh", () => {
  it.scopedLive("are those that were granted", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, stored } = yield* ended
      const granted = stored()?.tokens?.scope ?? ""
      assert.include(granted, "mcp")
      const { oauth } = yield* open()
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(authorizationServer.requests.at(-1)?.params.get("scope"), granted)
      assert.strictEqual(stored()?.tokens?.scope, granted)
    }))

  it.scopedLive("are left out once where the server refuses them, with the same refresh token", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, refreshes, server, windows } = yield* ended
      authorizationServer.fail("token", { error: "invalid_scope" }, onRefresh)
      const { oauth } = yield* open(unattended)
      assert.strictEqual(yield* call(oauth, server.url), 200)
      const sent = authorizationServer.requests.filter(({ params }) => params.get("grant_type") === "refresh_token")
      assert.deepStrictEqual(sent.map(({ params }) => params.has("scope")), [true, false])
      assert.strictEqual(new Set(sent.map(({ params }) => params.get("refresh_token"))).size, 1)
      assert.deepStrictEqual([refreshes(), authorizationServer.reuses(), windows()], [2, 0, 0])
    }))

  it.scopedLive("are refused without being sent: a person is needed", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, refreshes, server } = yield* ended
      authorizationServer.fail("token", { error: "invalid_scope" }, { ...always, ...onRefresh })
      const { oauth } = yield* open(unattended)
      assert.strictEqual(word(yield* call(oauth, server.url)), "InteractionRequired")
      assert.strictEqual(word(yield* call(oauth, server.url)), "InteractionRequired")
      assert.strictEqual(refreshes(), 2)
    }))
})
