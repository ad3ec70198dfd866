/** Signing out: forgotten here at once, and the server told where it wants to be told. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { pause, until } from "../fixtures/Harness.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { Document, Fault } from "../fixtures/ScriptedAuthorizationServer.ts"
import * as ScriptedAuthorizationServer from "../fixtures/ScriptedAuthorizationServer.ts"

type World = McpHarness.World

const sent = ({ authorizationServer }: World, endpoint: string) =>
  authorizationServer.requests.filter((request) => request.endpoint === endpoint)

const revoked = (world: World) =>
  sent(world, "revoke").map(({ params }) => [params.get("token_type_hint"), params.get("token")])

/** A world with somebody signed in, the tokens of that, and an `McpOAuth`. */
const signedIn = (options?: Parameters<typeof McpHarness.world>[0]) =>
  Effect.gen(function* () {
    const world = yield* McpHarness.world(options)
    yield* world.signedIn
    const stored = world.stored()
    const [access = "", refresh = ""] = McpHarness.secretsOf(stored)
    const { oauth } = yield* world.open()
    return {
      ...world,
      oauth,
      access,
      refresh,
      clientId: stored?.client?.clientId,
      validUntil: new Date(stored?.tokens?.expiresAt ?? 0).toISOString()
    }
  })

/** Nothing is left here, and the next sign-in begins at the beginning. */
const assertForgotten = (world: World & { readonly oauth: McpHarness.Opened["oauth"] }) =>
  Effect.gen(function* () {
    assert.isUndefined(world.stored())
    const status = yield* world.oauth.status
    assert.deepInclude(status, { isSignedIn: false, isRefreshable: false, issuer: undefined, clientId: undefined })
    const before = world.windows()
    yield* world.oauth.ensure
    assert.strictEqual(world.windows(), before + 1)
  })

describe("logout", () => {
  for (const [what, millis] of [["at once", 0], ["while the server is told", 50]] as const) {
    it.scopedLive(`of two callers, ${what}: both succeed, and the server is told once`, () =>
      Effect.gen(function* () {
        const world = yield* signedIn()
        const { access, refresh } = world
        world.authorizationServer.fail("revoke", { delayMillis: 200 })
        const first = yield* Effect.fork(world.oauth.logout)
        yield* pause(millis)
        const second = yield* Effect.fork(world.oauth.logout)
        yield* Fiber.join(first)
        yield* Fiber.join(second)
        assert.deepStrictEqual(revoked(world), [["refresh_token", refresh], ["access_token", access]])
        yield* assertForgotten(world)
      }))
  }

  it.scopedLive("has the server end both tokens, the refresh token first, as the client they belong to", () =>
    Effect.gen(function* () {
      const world = yield* signedIn()
      const { access, clientId, refresh } = world
      yield* world.oauth.logout
      assert.deepStrictEqual(revoked(world), [["refresh_token", refresh], ["access_token", access]])
      for (const { params, status } of sent(world, "revoke")) {
        assert.strictEqual(params.get("client_id"), clientId)
        assert.strictEqual(status, 200)
      }
      assert.isUndefined(yield* Effect.promise(() => world.authorizationServer.verify(access, world.server.url)))
      yield* assertForgotten(world)
    }))

  it.scopedLive("has the server end the access token alone where there is no other", () =>
    Effect.gen(function* () {
      const world = yield* signedIn({ authorizationServer: { refreshTokens: "never" } })
      yield* world.oauth.logout
      assert.deepStrictEqual(revoked(world), [["access_token", world.access]])
    }))

  it.scopedLive("in a program that signed in itself takes the newest tokens", () =>
    Effect.gen(function* () {
      const world = yield* signedIn()
      world.authorizationServer.expireAll()
      assert.strictEqual(yield* McpHarness.call(world.oauth, world.server.url), 200)
      const [access = "", refresh = ""] = McpHarness.secretsOf(world.stored())
      assert.notStrictEqual(access, world.access)
      yield* world.oauth.logout
      assert.deepStrictEqual(revoked(world), [["refresh_token", refresh], ["access_token", access]])
      yield* assertForgotten(world)
    }))

  it.scopedLive("takes the tokens that could not be stored", () =>
    Effect.gen(function* () {
      const world = yield* signedIn()
      world.authorizationServer.expireAll()
      // The refresh, and the try after it, which is made at once.
      world.store.fail("write", 2)
      assert.strictEqual(yield* McpHarness.call(world.oauth, world.server.url), 200)
      yield* world.oauth.logout
      const [first, second] = revoked(world)
      assert.deepStrictEqual([first?.[0], second?.[0]], ["refresh_token", "access_token"])
      assert.notStrictEqual(first?.[1], world.refresh)
      assert.isUndefined(world.stored())
    }))

  it.scopedLive("of somebody who is not signed in asks nobody for anything", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const { oauth } = yield* world.open()
      yield* oauth.logout
      assert.deepStrictEqual(world.authorizationServer.requests, [])
      assert.deepStrictEqual(world.server.requests, [])
    }))

  it.scopedLive("of somebody who only registered forgets that, and asks nobody for anything", () =>
    Effect.gen(function* () {
      const world = yield* signedIn()
      world.editTokens(() => undefined)
      const before = world.authorizationServer.requests.length
      yield* world.oauth.logout
      assert.strictEqual(world.authorizationServer.requests.length, before)
      yield* assertForgotten(world)
      assert.strictEqual(world.authorizationServer.count("register"), 2)
    }))

  it.scopedLive("at a server without such an endpoint forgets, and that is all", () =>
    Effect.gen(function* () {
      const metadata = ({ revocation_endpoint: _, ...rest }: Document): Document => rest
      const world = yield* signedIn({ authorizationServer: { metadata } })
      yield* world.oauth.logout
      assert.deepStrictEqual(revoked(world), [])
      yield* assertForgotten(world)
    }))

  it.scopedLive("shows tokens to no other server than the one they are of", () =>
    Effect.gen(function* () {
      const world = yield* signedIn()
      const other = yield* ScriptedAuthorizationServer.make()
      world.server.knobs.authorizationServers = [other.issuer]
      yield* world.oauth.logout
      assert.strictEqual(other.count("revoke"), 0)
      assert.deepStrictEqual(revoked(world), [])
      assert.isUndefined(world.stored())
    }))

  it.scopedLive("of one account leaves another alone", () =>
    Effect.gen(function* () {
      const world = yield* signedIn()
      const { oauth: other } = yield* world.open({ account: "other" })
      yield* other.login
      yield* world.oauth.logout
      assert.isUndefined(world.stored())
      assert.isDefined(world.store.peek(world.server.url, "other"))
      assert.strictEqual(yield* McpHarness.call(other, world.server.url), 200)
      yield* other.logout
      assert.isUndefined(world.store.peek(world.server.url, "other"))
    }))
})

describe("logout at a server that", () => {
  const faults: Readonly<Record<string, readonly [fault: Fault, reason: string, status?: number]>> = {
    "fails": [{ status: 503 }, "ServerError", 503],
    "refuses": [{ error: "invalid_request" }, "Rejected", 400],
    "does not know the client": [{ error: "invalid_client" }, "Rejected", 401],
    "breaks the connection": ["reset", "Unreachable"],
    "never answers": ["hang", "TimedOut"],
    "sends elsewhere": [{ redirect: "https://other.example/revoke", status: 307 }, "InvalidResponse", 307]
  }
  for (const [what, [fault, reason, status]] of Object.entries(faults)) {
    it.scopedLive(`${what} forgets nevertheless, and says that the tokens may still be valid`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world()
        yield* world.signedIn
        const secrets = McpHarness.secretsOf(world.stored())
        const { oauth } = yield* world.open({ requestTimeout: "1 second" })
        world.authorizationServer.fail("revoke", fault, { times: 2 })
        const error = yield* Effect.flip(oauth.logout)
        const { issuer } = world.authorizationServer
        assert.strictEqual(error._tag, "RevocationError")
        assert.deepInclude(error as object, { issuer, reason, status })
        assert.include(error.message, issuer)
        for (const secret of secrets) assert.notInclude(JSON.stringify(error) + error.message, secret)
        yield* assertForgotten({ ...world, oauth })
      }))
  }

  it.scopedLive("ends no refresh tokens: the access token is ended nevertheless", () =>
    Effect.gen(function* () {
      const world = yield* signedIn()
      world.authorizationServer.fail("revoke", { error: "unsupported_token_type" })
      const error = yield* Effect.flip(world.oauth.logout)
      assert.deepInclude(error, {
        _tag: "RevocationError",
        reason: "Rejected",
        status: 400,
        error: "unsupported_token_type",
        tokens: ["refresh_token"],
        validUntil: undefined
      })
      assert.include(error.message, "may keep the refresh token valid until it expires: ")
      assert.include(error.message, "unsupported_token_type")
      assert.deepStrictEqual(revoked(world).map(([hint]) => hint), ["refresh_token", "access_token"])
      const valid = yield* Effect.promise(() => world.authorizationServer.verify(world.access, world.server.url))
      assert.isUndefined(valid)
    }))

  it.scopedLive("ends no access tokens: that is an error too", () =>
    Effect.gen(function* () {
      const world = yield* signedIn()
      world.authorizationServer.fail("revoke", { delayMillis: 1 })
      world.authorizationServer.fail("revoke", { status: 500 })
      const error = yield* Effect.flip(world.oauth.logout)
      assert.deepInclude(error, {
        _tag: "RevocationError",
        reason: "ServerError",
        status: 500,
        tokens: ["access_token"],
        validUntil: world.validUntil
      })
      assert.include(error.message, `the access token valid until ${world.validUntil}: `)
    }))

  it.scopedLive("says that it ends no access tokens, but has ended the refresh token, is done with", () =>
    Effect.gen(function* () {
      const world = yield* signedIn()
      world.authorizationServer.fail("revoke", { delayMillis: 1 })
      world.authorizationServer.fail("revoke", { error: "unsupported_token_type" })
      yield* world.oauth.logout
      assert.deepStrictEqual(revoked(world), [["refresh_token", world.refresh], ["access_token", world.access]])
      yield* assertForgotten(world)
    }))

  it.scopedLive("says that it ends no access tokens, where there is no other, has ended nothing", () =>
    Effect.gen(function* () {
      const world = yield* signedIn({ authorizationServer: { refreshTokens: "never" } })
      world.authorizationServer.fail("revoke", { error: "unsupported_token_type" })
      const error = yield* Effect.flip(world.oauth.logout)
      assert.deepInclude(error, { _tag: "RevocationError", tokens: ["access_token"], error: "unsupported_token_type" })
    }))

  it.scopedLive("quotes the tokens in its refusal is not quoted with them", () =>
    Effect.gen(function* () {
      const world = yield* signedIn()
      for (const token of [world.refresh, world.access]) {
        const body = { error: "invalid_request", error_description: `no such token: ${token}\u001b[2J` }
        world.authorizationServer.fail("revoke", { status: 400, body })
      }
      const error = yield* Effect.flip(world.oauth.logout)
      assert.deepInclude(error, { _tag: "RevocationError", tokens: ["refresh_token", "access_token"] })
      assert.include(error.message, "no such token: ")
      const shown = `${JSON.stringify(error)} ${error.message}`
      for (const hidden of [world.refresh, world.access, "\u001b", "\\u001b"]) assert.notInclude(shown, hidden)
    }))

  it.scopedLive("cannot be found any more forgets nevertheless, and says so", () =>
    Effect.gen(function* () {
      const world = yield* signedIn()
      world.server.fail("metadata", { status: 500 }, { times: 2 })
      const error = yield* Effect.flip(world.oauth.logout)
      assert.deepInclude(error, { _tag: "DiscoveryError", reason: "ServerError", status: 500 })
      yield* assertForgotten(world)
    }))
})

describe("logout, where the store fails,", () => {
  it.scopedLive("is an error, and nothing is forgotten or revoked", () =>
    Effect.gen(function* () {
      const world = yield* signedIn()
      world.store.fail("write")
      assert.strictEqual((yield* Effect.flip(world.oauth.logout))._tag, "CredentialStoreError")
      assert.deepStrictEqual(revoked(world), [])
      assert.strictEqual(McpHarness.accessTokenOf(world.stored()), world.access)
      yield* world.oauth.logout
      yield* assertForgotten(world)
    }))
})

describe("logout while a person signs in", () => {
  it.scopedLive("ends that sign-in: it is shown no longer, and an answer that comes late is worth nothing", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.person.mode = "waits"
      const { oauth } = yield* world.open()
      const ensuring = yield* McpHarness.started(Effect.either(oauth.ensure))
      const calling = yield* McpHarness.started(McpHarness.call(oauth, world.server.url))
      yield* world.untilShown(1)
      assert.isTrue((yield* oauth.status).isSigningIn)
      yield* oauth.logout
      const ensured = yield* ensuring
      const error = ensured._tag === "Left" ? ensured.left : undefined
      assert.strictEqual(error?._tag, "InteractionRequired")
      assert.strictEqual(McpHarness.word(yield* calling), "InteractionRequired")
      assert.isFalse((yield* oauth.status).isSigningIn)
      assert.strictEqual(world.waiting(), 0)
      assert.isUndefined(world.stored())
      const listening = yield* Effect.promise(() =>
        fetch(world.shown[0]?.redirectUri ?? "").then(() => true, () => false)
      )
      assert.isFalse(listening)
      assert.deepStrictEqual([world.windows(), world.authorizationServer.count("token")], [1, 0])
    }))

  it.scopedLive("who had signed in before ends the old tokens", () =>
    Effect.gen(function* () {
      const world = yield* signedIn()
      world.person.mode = "waits"
      const signingIn = yield* McpHarness.started(Effect.either(world.oauth.login))
      yield* world.untilShown(2)
      yield* world.oauth.logout
      assert.strictEqual((yield* signingIn)._tag, "Left")
      assert.deepStrictEqual(revoked(world), [["refresh_token", world.refresh], ["access_token", world.access]])
      world.person.mode = "answers"
      yield* assertForgotten(world)
    }))

  it.scopedLive("and whose code is just being exchanged leaves no token behind", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.authorizationServer.fail("token", { delayMillis: 200 })
      const { oauth } = yield* world.open()
      const signingIn = yield* McpHarness.started(Effect.either(oauth.login))
      yield* until(() => world.authorizationServer.count("token") > 0)
      yield* oauth.logout
      yield* signingIn
      assert.isUndefined(world.stored())
      assert.isFalse((yield* oauth.status).isSignedIn)
      // What came of the exchange was ended too.
      const [, [, access] = []] = revoked(world)
      const valid = yield* Effect.promise(() => world.authorizationServer.verify(access ?? "", world.server.url))
      assert.deepStrictEqual([revoked(world).length, valid], [2, undefined])
    }))
})
