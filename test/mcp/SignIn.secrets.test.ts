/** Clients made by hand, and how a client's secret goes to an authorization server. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import type { McpOAuthOptions } from "../../src/mcp.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { AuthMethod } from "../fixtures/ScriptedAuthorizationServer.ts"
import * as ScriptedAuthorizationServer from "../fixtures/ScriptedAuthorizationServer.ts"

type World = McpHarness.World

const sent = ({ authorizationServer }: World, endpoint: string) =>
  authorizationServer.requests.filter((request) => request.endpoint === endpoint)

const addByHand = ({ authorizationServer }: World, method: AuthMethod = "none", secret?: string) => {
  authorizationServer.addClient({
    client_id: "by-hand",
    redirect_uris: ["http://127.0.0.1/callback"],
    token_endpoint_auth_method: method,
    ...(secret !== undefined && { client_secret: secret })
  })
  return { clientId: "by-hand", ...(secret !== undefined && { clientSecret: Redacted.make(secret) }) }
}

describe("a client made by hand", () => {
  const secret = "a secret of one issuer"

  /** All that an authorization server was told. */
  const told = (requests: ReadonlyArray<ScriptedAuthorizationServer.Recorded>) =>
    requests.map(({ headers, target, text }) => [target, text, headers.authorization].join(" ")).join("\n")

  it.scopedLive("for another issuer is shown to nobody", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const client = { ...addByHand(world, "client_secret_basic", secret), issuer: "https://other.example" }
      const { oauth } = yield* world.open({ client })
      const error = yield* Effect.flip(oauth.login)
      assert.deepInclude(error, {
        _tag: "UntrustedMetadata",
        reason: "IssuerChanged",
        field: "issuer",
        found: world.authorizationServer.issuer,
        expected: "https://other.example"
      })
      assert.deepStrictEqual(world.authorizationServer.requests.map(({ endpoint }) => endpoint), ["metadata"])
      assert.strictEqual(world.windows(), 0)
    }))

  for (const how of ["a new sign-in", "a token that is refused", "a refresh that is due"]) {
    it.scopedLive(`without an issuer belongs to the first: by ${how}, another is shown nothing`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world()
        const client = addByHand(world, "client_secret_basic", secret)
        const { close, oauth: first } = yield* world.open({ client })
        yield* first.login
        yield* close
        assert.deepStrictEqual(McpHarness.secretsOf(world.stored()).length, 2)
        const other = yield* ScriptedAuthorizationServer.make()
        world.server.knobs.authorizationServers = [other.issuer]
        world.server.knobs.verify = other.verify
        if (how === "a refresh that is due") world.editTokens((tokens) => ({ ...tokens, expiresAt: 1 }))
        const { oauth } = yield* world.open({ client, callback: { timeout: "1 second" } })
        const again = Effect.map(McpHarness.call(oauth, world.server.url), McpHarness.word)
        const error = how === "a new sign-in" ? (yield* Effect.flip(oauth.login))._tag : yield* again
        assert.strictEqual(error, "UntrustedMetadata")
        // Nor the next time.
        assert.strictEqual(yield* again, "UntrustedMetadata")
        assert.notInclude(told(other.requests), "by-hand")
        assert.notMatch(told(other.requests), /secret/)
        assert.strictEqual(world.windows(), 1)
      }))
  }
})

describe("a client's secret", () => {
  const secret = "sp ace+plus:colon/slash%25&=é☃\"\\~*'()"
  for (const method of ["none", "client_secret_basic", "client_secret_post"] as const) {
    for (const how of ["registered", "made by hand", "made by hand, where the server does not say how"]) {
      it.scopedLive(`goes by ${method} in every request of a client that was ${how}`, () =>
        Effect.gen(function* () {
          const silent = how.endsWith("how")
          const world = yield* McpHarness.world({
            authorizationServer: {
              authMethods: [method],
              secret: () => secret,
              metadata: ({ token_endpoint_auth_methods_supported: methods, ...rest }) =>
                silent ? rest : { ...rest, token_endpoint_auth_methods_supported: methods }
            }
          })
          const byHand = how === "registered"
            ? undefined
            : addByHand(world, method, method === "none" ? undefined : secret)
          const options: Partial<McpOAuthOptions> = { client: byHand }
          const { oauth } = yield* world.open(options)
          // What a server does not say is client_secret_basic (RFC 8414 section 2).
          if (silent && method === "client_secret_post") {
            const error = yield* Effect.flip(oauth.login)
            assert.deepInclude(error, { _tag: "TokenError", error: "invalid_client" })
            return
          }
          yield* oauth.login
          assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
          world.authorizationServer.expireAll()
          assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
          assert.strictEqual(world.authorizationServer.refreshes(), 1)
          yield* oauth.logout
          const asked = [...sent(world, "token"), ...sent(world, "revoke")]
          assert.deepStrictEqual(asked.map(({ status }) => status), [200, 200, 200, 200])
          for (const { headers, params } of asked) {
            assert.strictEqual(headers.authorization !== undefined, method === "client_secret_basic")
            assert.strictEqual(params.get("client_secret"), method === "client_secret_post" ? secret : null)
            assert.strictEqual(params.has("client_id"), method !== "client_secret_basic")
          }
        }))
    }
  }

  for (const authMethod of ["client_secret_basic", "client_secret_post"] as const) {
    it.scopedLive(`goes by ${authMethod} where the options say so, in this run and in the next`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world()
        const client = { ...addByHand(world, authMethod, secret), authMethod }
        const { close, oauth } = yield* world.open({ client })
        yield* oauth.login
        yield* close
        world.authorizationServer.expireAll()
        const { oauth: later } = yield* world.open({ client })
        assert.strictEqual(yield* McpHarness.call(later, world.server.url), 200)
        yield* later.logout
        const asked = [...sent(world, "token"), ...sent(world, "revoke")]
        assert.deepStrictEqual(asked.map(({ status }) => status), [200, 200, 200, 200])
      }))
  }

  it.scopedLive("of the options is not stored, and goes with a refresh nevertheless", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const client = addByHand(world, "client_secret_basic", secret)
      const { close, oauth } = yield* world.open({ client })
      yield* oauth.login
      yield* close
      assert.deepStrictEqual(world.stored()?.client, { clientId: "by-hand" })
      world.authorizationServer.expireAll()
      const { oauth: later } = yield* world.open({ client })
      assert.strictEqual(yield* McpHarness.call(later, world.server.url), 200)
      assert.deepStrictEqual([world.authorizationServer.refreshes(), world.windows()], [1, 1])
    }))
})
