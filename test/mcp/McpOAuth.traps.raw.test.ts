/** The traps of the MCP SDK's own sign-in, one by one: what comes out raw. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { assertError } from "../fixtures/assertError.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { Fault } from "../fixtures/ScriptedAuthorizationServer.ts"

/** Somebody signed in earlier, and the access token ends now. */
const expired = (world: McpHarness.World) =>
  Effect.gen(function* () {
    yield* world.signedIn
    world.authorizationServer.expireAll()
    return world.stored()
  })

describe("trap 4: nothing that a server answers comes out raw", () => {
  it.scopedLive("a refresh token that is null is none", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const edit = (document: object) => ({ ...document, refresh_token: null, scope: null, id_token: null })
      world.authorizationServer.fail("token", { edit })
      const { oauth } = yield* world.open()
      yield* oauth.ensure
      assert.isFalse((yield* oauth.status).isRefreshable)
      assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
    }))

  const notTokens: Readonly<Record<string, readonly [fault: Fault, fields: Readonly<Record<string, unknown>>]>> = {
    "an error in a 200, as GitHub writes it": [
      { error: "bad_verification_code", status: 200 },
      { reason: "Rejected", error: "bad_verification_code", status: 200 }
    ],
    "a page of HTML": ["html", { reason: "InvalidResponse", status: 200 }],
    "a page of HTML with an error's status": [{ status: 403, body: "<p>no" }, { reason: "Rejected", status: 403 }],
    "an empty object": [{ status: 200, body: {} }, { reason: "InvalidResponse" }],
    "an array": [{ status: 200, body: [] }, { reason: "InvalidResponse" }],
    "a token that is no text": [{ edit: (is) => ({ ...is, access_token: 7 }) }, { reason: "InvalidResponse" }],
    "a token that no header takes": [{ edit: (is) => ({ ...is, access_token: "a\nb" }) }, {
      reason: "InvalidResponse"
    }],
    "a token of another type": [{ edit: (is) => ({ ...is, token_type: "DPoP" }) }, { reason: "InvalidResponse" }],
    "an error beside tokens": [{ edit: (is) => ({ ...is, error: "oops" }) }, { reason: "Rejected", error: "oops" }],
    "an internal error in JSON": [{ status: 500, body: { error: "oops" } }, { reason: "ServerError", status: 500 }],
    "a redirect": [{ redirect: "https://other.example/token", status: 307 }, { reason: "InvalidResponse", status: 307 }]
  }
  for (const [answer, [fault, fields]] of Object.entries(notTokens)) {
    it.scopedLive(`${answer} instead of tokens is a TokenError`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world()
        world.authorizationServer.fail("token", fault)
        const { oauth } = yield* world.open()
        const error = yield* Effect.flip(oauth.ensure)
        assertError(error, { _tag: "TokenError", grant: "authorization_code", ...fields })
        assert.isUndefined(world.stored()?.tokens)
        assert.strictEqual(world.authorizationServer.count("token"), 1)
      }))

    // Where the server has decided, only a person helps. Where it has not, the refresh token may still be good.
    const isDecided = fields["reason"] === "Rejected" || answer === "an empty object"
    const what = isDecided ? "InteractionRequired" : "TokenError"
    it.scopedLive(`${answer} instead of fresh tokens is a ${what}`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world()
        const stored = yield* expired(world)
        world.authorizationServer.fail("token", fault)
        const { oauth } = yield* world.open({ interactive: false })
        const outcome = yield* McpHarness.call(oauth, world.server.url)
        if (isDecided) assertError(outcome, { _tag: "InteractionRequired", reason: "Rejected" })
        else assertError(outcome, { _tag: "TokenError", grant: "refresh_token", ...fields })
        const { refreshRefusedAt: _, ...tokens } = world.stored()?.tokens ?? {}
        assert.deepStrictEqual([world.windows(), { ...world.stored(), tokens }], [1, stored])
      }))
  }
})

describe("trap 5: a code is spent once", () => {
  it.scopedLive("an invalid_grant for the code posts the code once", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.authorizationServer.fail("token", { error: "invalid_grant" }, { times: Infinity })
      const { oauth } = yield* world.open()
      const error = yield* Effect.flip(oauth.ensure)
      assertError(error, { _tag: "TokenError", reason: "Rejected", error: "invalid_grant", status: 400 })
      assert.deepStrictEqual([world.authorizationServer.count("token"), world.windows()], [1, 1])
    }))

  it.scopedLive("an answer that was lost posts the code once", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.authorizationServer.fail("token", "lost")
      const { oauth } = yield* world.open()
      assertError(yield* Effect.flip(oauth.ensure), { _tag: "TokenError", reason: "Unreachable" })
      assert.strictEqual(world.authorizationServer.count("token"), 1)
    }))

  it.scopedLive("an invalid_client for the code is told as what it is", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.authorizationServer.addClient({
        client_id: "by-hand",
        client_secret: "right",
        redirect_uris: ["http://127.0.0.1/callback"],
        token_endpoint_auth_method: "client_secret_basic"
      })
      const client = { clientId: "by-hand", clientSecret: Redacted.make("wrong") }
      const { oauth } = yield* world.open({ client })
      const error = yield* Effect.flip(oauth.ensure)
      assertError(error, { _tag: "TokenError", reason: "Rejected", error: "invalid_client", status: 401 })
      assert.strictEqual(world.authorizationServer.count("token"), 1)
    }))
})

it.scopedLive("trap 6: what a provider begins throws nothing, and its failure is told to whoever waits, as it is", () =>
  Effect.gen(function* () {
    const world = yield* McpHarness.world()
    world.authorizationServer.knobs.authorize = { error: "access_denied" }
    const { oauth } = yield* world.open()
    yield* Effect.promise(() => oauth.provider.redirectToAuthorization(new URL("https://as.example/authorize")))
    const error = yield* Effect.flip(oauth.ensure)
    assertError(error, { _tag: "AuthorizationDenied", error: "access_denied" })
    const rejection = yield* Effect.promise(() => oauth.provider.tokens().then(() => undefined, (reason) => reason))
    // A request of the SDK asks nobody again.
    assertError(rejection, { _tag: "InteractionRequired", reason: "Declined" })
  }))
