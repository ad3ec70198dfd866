/** What a program asks of a sign-in beside its requests: `ensure`, `login`, `logout`, `status`, and to do without a person. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { inspect } from "node:util"
import { until } from "../fixtures/Harness.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"

const { accessTokenOf, call, started, word } = McpHarness

const always = { times: Number.POSITIVE_INFINITY }

const failure = <A, E extends { readonly _tag: string }>(effect: Effect.Effect<A, E>): Effect.Effect<E | undefined> =>
  Effect.match(effect, { onFailure: (error) => error, onSuccess: () => undefined })

describe("McpOAuth.ensure", () => {
  it.scopedLive("signs in where nothing is stored, once for all who ask", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, stored, windows } = yield* McpHarness.world()
      const { oauth } = yield* open()
      yield* Effect.all(Array.from({ length: 20 }, () => oauth.ensure), { concurrency: "unbounded" })
      assert.isDefined(stored()?.tokens)
      assert.strictEqual(windows(), 1)
      yield* oauth.ensure
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(windows(), 1)
      assert.strictEqual(authorizationServer.count("token"), 1)
    }))

  it.scopedLive("leaves a server alone that wants no sign-in", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, store, windows } = yield* McpHarness.world()
      server.fail("resource", { status: 200, body: {} }, always)
      const { oauth } = yield* open()
      yield* oauth.ensure
      yield* oauth.ensure
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(windows(), 0)
      assert.strictEqual(authorizationServer.requests.length, 0)
      assert.strictEqual(store.writes.length, 0)
    }))

  it.scopedLive("asks nobody where a stored token can serve", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, signedIn, windows } = yield* McpHarness.world()
      yield* signedIn
      const sent = server.requests.length + authorizationServer.requests.length
      const { oauth } = yield* open()
      yield* oauth.ensure
      assert.strictEqual(server.requests.length + authorizationServer.requests.length, sent)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("refreshes a stored token that is over", () =>
    Effect.gen(function* () {
      const { authorizationServer, editTokens, open, signedIn, stored, windows } = yield* McpHarness.world()
      yield* signedIn
      editTokens((tokens) => ({ ...tokens, expiresAt: Date.now() - 1 }))
      const before = accessTokenOf(stored())
      const { oauth } = yield* open()
      yield* oauth.ensure
      assert.notStrictEqual(accessTokenOf(stored()), before)
      assert.strictEqual(authorizationServer.refreshes(), 1)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("signs in where a stored token is over and cannot be refreshed", () =>
    Effect.gen(function* () {
      const { editTokens, open, server, signedIn, windows } = yield* McpHarness.world()
      yield* signedIn
      editTokens((tokens) => ({ ...tokens, refreshToken: undefined, expiresAt: Date.now() - 1 }))
      const { oauth } = yield* open()
      yield* oauth.ensure
      assert.strictEqual(windows(), 2)
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(windows(), 2)
    }))

  it.scopedLive("joins the sign-in that a request began", () =>
    Effect.gen(function* () {
      const { answer, open, person, server, untilShown, windows } = yield* McpHarness.world()
      person.mode = "waits"
      const { oauth } = yield* open()
      const request = yield* started(call(oauth, server.url))
      yield* untilShown(1)
      const ensuring = yield* started(failure(oauth.ensure))
      yield* answer
      assert.strictEqual(yield* request, 200)
      assert.isUndefined(yield* ensuring)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("fails with what is wrong with the server", () =>
    Effect.gen(function* () {
      const { open, server, windows } = yield* McpHarness.world()
      const { oauth } = yield* open({ requestTimeout: "200 millis" })
      server.fail("resource", "reset", always)
      assert.deepInclude({ ...yield* failure(oauth.ensure) }, { _tag: "DiscoveryError", reason: "Unreachable" })
      server.heal()
      server.fail("resource", { status: 503 }, always)
      assert.deepInclude({ ...yield* failure(oauth.ensure) }, { _tag: "DiscoveryError", reason: "ServerError" })
      server.heal()
      server.fail("resource", "hang", always)
      assert.deepInclude({ ...yield* failure(oauth.ensure) }, { _tag: "DiscoveryError", reason: "TimedOut" })
      server.heal()
      assert.strictEqual(windows(), 0)
      assert.isUndefined(yield* failure(oauth.ensure))
      assert.strictEqual(windows(), 1)
    }))
})

describe("McpOAuth.login", () => {
  it.scopedLive("asks a person, whatever is stored, and what it brings is used", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, signedIn, stored, windows } = yield* McpHarness.world()
      yield* signedIn
      const before = accessTokenOf(stored())
      const { oauth } = yield* open()
      assert.strictEqual(yield* call(oauth, server.url), 200)
      yield* oauth.login
      assert.strictEqual(windows(), 2)
      assert.notStrictEqual(accessTokenOf(stored()), before)
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.include(server.requests.at(-1)?.headers.authorization ?? "", accessTokenOf(stored()) ?? "none")
      assert.strictEqual(authorizationServer.refreshes(), 0)
    }))

  it.scopedLive("opens one window for all who ask at once", () =>
    Effect.gen(function* () {
      const { open, windows } = yield* McpHarness.world()
      const { oauth } = yield* open()
      yield* Effect.all(Array.from({ length: 10 }, () => oauth.login), { concurrency: "unbounded" })
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("asks a person also where a refresh that is under way fails", () =>
    Effect.gen(function* () {
      const { authorizationServer, editTokens, open, server, signedIn, windows } = yield* McpHarness.world()
      yield* signedIn
      editTokens((tokens) => ({ ...tokens, expiresAt: 1 }))
      const { oauth } = yield* open({ requestTimeout: "1 second" })
      authorizationServer.fail("token", { delayMillis: 4000 }, { grantType: "refresh_token" })
      const refreshing = yield* started(call(oauth, server.url))
      yield* until(() => authorizationServer.count("token", "refresh_token") > 0)
      yield* oauth.login
      assert.strictEqual(windows(), 2)
      assert.strictEqual(word(yield* refreshing), "TokenError")
      assert.strictEqual(yield* call(oauth, server.url), 200)
    }))

  it.scopedLive("asks a person where the stored token cannot be sent, and quotes nothing of it", () =>
    Effect.gen(function* () {
      const { editTokens, open, server, signedIn, windows } = yield* McpHarness.world()
      yield* signedIn
      for (const wrong of ["s3cret\u0000", "s3cret token", "s3cret\u00e9", ""]) {
        editTokens((tokens) => ({ ...tokens, accessToken: Redacted.make(wrong) }))
        const { oauth } = yield* open({ interactive: false })
        const error = yield* call(oauth, server.url)
        assert.strictEqual(word(error), "InteractionRequired")
        assert.notInclude(inspect(error, { depth: 9 }), "s3cret")
      }
      const { oauth } = yield* open()
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(windows(), 2)
    }))

  it.scopedLive("keeps the tokens there were when the person says no", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, signedIn, stored } = yield* McpHarness.world()
      yield* signedIn
      const before = stored()?.tokens
      const { oauth } = yield* open()
      authorizationServer.knobs.authorize = { error: "access_denied" }
      assert.strictEqual((yield* failure(oauth.login))?._tag, "AuthorizationDenied")
      assert.deepStrictEqual(stored()?.tokens, before)
      assert.strictEqual(yield* call(oauth, server.url), 200)
    }))

  it.scopedLive("finishes by a paste too", () =>
    Effect.gen(function* () {
      const { open, person, server, windows } = yield* McpHarness.world()
      person.via = "paste"
      const { oauth } = yield* open()
      yield* oauth.login
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(windows(), 1)
    }))
})

describe("McpOAuth.logout", () => {
  it.scopedLive("has the server end both tokens, and forgets them", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, signedIn, stored, windows } = yield* McpHarness.world()
      yield* signedIn
      const tokens = stored()?.tokens
      const { oauth } = yield* open()
      assert.strictEqual(yield* call(oauth, server.url), 200)
      yield* oauth.logout
      assert.isUndefined(stored()?.tokens)
      const revoked = authorizationServer.requests.filter(({ endpoint }) => endpoint === "revoke")
      assert.sameMembers(
        revoked.map(({ params }) => params.get("token")),
        [tokens?.refreshToken, tokens?.accessToken].map((token) => token === undefined ? null : Redacted.value(token))
      )
      assert.strictEqual(windows(), 1)
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(windows(), 2)
    }))

  it.scopedLive("forgets the tokens also when the server cannot be told, and says so", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, signedIn, stored } = yield* McpHarness.world()
      yield* signedIn
      const { oauth } = yield* open({ requestTimeout: "200 millis" })
      authorizationServer.fail("revoke", { status: 503 }, always)
      assert.deepInclude({ ...yield* failure(oauth.logout) }, { _tag: "RevocationError", reason: "ServerError" })
      assert.isUndefined(stored()?.tokens)
      assert.isUndefined(yield* failure(oauth.logout))
    }))

  it.scopedLive("ends a sign-in that runs: who waits hears that nobody is signed in", () =>
    Effect.gen(function* () {
      const { open, person, server, untilShown, waiting, windows } = yield* McpHarness.world()
      person.mode = "waits"
      const { oauth } = yield* open()
      const request = yield* started(call(oauth, server.url))
      const ensuring = yield* started(failure(oauth.ensure))
      yield* untilShown(1)
      yield* oauth.logout
      assert.strictEqual(word(yield* request), "InteractionRequired")
      assert.strictEqual((yield* ensuring)?._tag, "InteractionRequired")
      assert.strictEqual(waiting(), 0)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("comes to its end although others ask for a sign-in meanwhile", () =>
    Effect.gen(function* () {
      const { open, person, server, untilShown } = yield* McpHarness.world()
      person.mode = "waits"
      const { close, oauth } = yield* open()
      const first = yield* started(call(oauth, server.url))
      yield* untilShown(1)
      const logout = yield* started(failure(oauth.logout))
      const others = yield* Effect.all([started(call(oauth, server.url)), started(failure(oauth.login))])
      assert.isUndefined(yield* Effect.timeout(logout, "5 seconds"))
      assert.strictEqual(word(yield* first), "InteractionRequired")
      yield* close
      for (const other of others) yield* other
    }))

  it.scopedLive("does nothing where nobody is signed in", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, windows } = yield* McpHarness.world()
      const { oauth } = yield* open()
      yield* oauth.logout
      assert.strictEqual(authorizationServer.count("revoke"), 0)
      assert.strictEqual(windows(), 0)
    }))
})

describe("McpOAuth.status", () => {
  it.scopedLive("tells what is known, before, during and after a sign-in, without a secret", () =>
    Effect.gen(function* () {
      const { answer, authorizationServer, open, person, server, stored, untilShown } = yield* McpHarness.world()
      person.mode = "waits"
      const { oauth } = yield* open()
      assert.deepInclude(yield* oauth.status, {
        server: server.url,
        account: "",
        isSignedIn: false,
        isSigningIn: false,
        issuer: undefined,
        scopes: [],
        isRefreshable: false
      })
      const ensuring = yield* started(failure(oauth.ensure))
      yield* untilShown(1)
      assert.deepInclude(yield* oauth.status, { isSignedIn: false, isSigningIn: true })
      yield* answer
      assert.isUndefined(yield* ensuring)
      const status = yield* oauth.status
      assert.deepInclude(status, {
        isSignedIn: true,
        isSigningIn: false,
        issuer: authorizationServer.issuer,
        clientId: stored()?.client?.clientId,
        scopes: ["mcp", "offline_access"],
        expiresAt: stored()?.tokens?.expiresAt,
        isRefreshable: true
      })
      const secrets = McpHarness.secretsOf(stored())
      assert.isAbove(secrets.length, 1)
      for (const secret of secrets) assert.notInclude(JSON.stringify(status), secret)
    }))
})

describe("McpOAuth without a person", () => {
  it.scopedLive("fails where only a person could go on, and registers and opens nothing", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, store, windows } = yield* McpHarness.world()
      const { oauth } = yield* open({ interactive: false })
      assert.deepInclude((yield* call(oauth, server.url)) as object, {
        _tag: "InteractionRequired",
        reason: "NotSignedIn"
      })
      assert.deepInclude({ ...yield* failure(oauth.ensure) }, { _tag: "InteractionRequired", reason: "NotSignedIn" })
      assert.strictEqual((yield* failure(oauth.login))?._tag, "InteractionRequired")
      assert.strictEqual(authorizationServer.count("register"), 0)
      assert.strictEqual(store.writes.length, 0)
      assert.strictEqual(windows(), 0)
    }))

  it.scopedLive("refreshes all the same, until there is nothing to refresh with", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, signedIn, windows } = yield* McpHarness.world()
      yield* signedIn
      const { oauth } = yield* open({ interactive: false })
      authorizationServer.expireAll()
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(authorizationServer.refreshes(), 1)
      authorizationServer.revokeAll()
      const all = yield* Effect.all(Array.from({ length: 5 }, () => call(oauth, server.url)), {
        concurrency: "unbounded"
      })
      for (const outcome of all) {
        assert.deepInclude(outcome as object, { _tag: "InteractionRequired", reason: "Rejected" })
      }
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("takes up what somebody else of the same store signed in for", () =>
    Effect.gen(function* () {
      const { open, server, signedIn, windows } = yield* McpHarness.world()
      const { oauth } = yield* open({ interactive: false })
      assert.strictEqual(word(yield* call(oauth, server.url)), "InteractionRequired")
      yield* signedIn
      assert.isUndefined(yield* failure(oauth.ensure))
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(windows(), 1)
    }))
})
