/** The option `authorizationServerMetadataUrl`: the caller says where the authorization server's metadata is. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { Fault } from "../fixtures/ScriptedAuthorizationServer.ts"

const { call } = McpHarness

/** An MCP server that publishes nothing, and whose challenge says nothing. */
const silent = { metadataAt: [], authorizationServers: [], challenge: () => [] }

/** A world with such a server, and the address of its authorization server's metadata, which is at an unusual place. */
const world = Effect.gen(function* () {
  const made = yield* McpHarness.world({
    authorizationServer: { issuerPath: "/t/1", metadataAt: ["openid-append"] },
    server: silent
  })
  const metadataUrl = `${made.authorizationServer.issuer}/.well-known/openid-configuration`
  return { ...made, metadataUrl }
})

describe("a server that publishes nothing", () => {
  it.scopedLive("without the option is an error that names it, and nothing is opened", () =>
    Effect.gen(function* () {
      const { open, windows } = yield* world
      const { oauth } = yield* open()
      const error = yield* Effect.flip(oauth.ensure)
      assert.deepInclude(error, { _tag: "DiscoveryError", reason: "NoMetadata" })
      assert.include(error.message, "set authorizationServerMetadataUrl")
      assert.strictEqual(windows(), 0)
    }))

  it.scopedLive("is signed in to for its own address, refreshes, goes on after a restart and signs out", () =>
    Effect.gen(function* () {
      const { authorizationServer, metadataUrl, open, server, stored, windows } = yield* world
      const options = { authorizationServerMetadataUrl: new URL(metadataUrl) }
      const { close, oauth } = yield* open(options)
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(stored()?.issuer, authorizationServer.issuer)
      const asked = authorizationServer.requests.filter(({ endpoint }) => endpoint === "authorize")
      assert.deepStrictEqual(asked.map(({ params }) => params.getAll("resource")), [[server.url]])
      yield* close
      authorizationServer.expireAll()
      const { oauth: later } = yield* open({ ...options, interactive: false })
      assert.strictEqual(yield* call(later, server.url), 200)
      assert.deepStrictEqual([windows(), authorizationServer.refreshes()], [1, 1])
      yield* later.logout
      assert.strictEqual(authorizationServer.count("revoke"), 2)
    }))

  for (const status of [500, 502, 503]) {
    it.scopedLive(`and answers ${status} for what it does not know is signed in to all the same`, () =>
      Effect.gen(function* () {
        const { metadataUrl, open, server, windows } = yield* world
        for (const place of ["metadata", "root-metadata"] as const) {
          server.fail(place, { status }, { times: Number.POSITIVE_INFINITY })
        }
        const { oauth } = yield* open({ authorizationServerMetadataUrl: metadataUrl })
        yield* oauth.ensure
        assert.strictEqual(windows(), 1)
      }))
  }

  it.scopedLive("with a client by hand, where nobody may register, is signed in to as that client", () =>
    Effect.gen(function* () {
      const { authorizationServer, metadataUrl, open, server, windows } = yield* world
      authorizationServer.knobs.registration = "absent"
      authorizationServer.addClient({
        client_id: "by-hand",
        redirect_uris: ["http://127.0.0.1/callback"],
        token_endpoint_auth_method: "none"
      })
      const options = { authorizationServerMetadataUrl: metadataUrl }
      const { oauth: without } = yield* open(options)
      assert.include((yield* Effect.flip(without.ensure)).message, "client.clientId")
      assert.strictEqual(windows(), 0)
      const client = { clientId: "by-hand", issuer: authorizationServer.issuer }
      const { oauth } = yield* open({ ...options, client })
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(authorizationServer.count("register"), 0)
      const { oauth: other } = yield* open({ ...options, client: { ...client, issuer: "https://other.example/t/1" } })
      assert.deepInclude(yield* Effect.flip(other.login), { _tag: "UntrustedMetadata", reason: "IssuerChanged" })
    }))
})

describe("metadata that the caller names", () => {
  it.scopedLive("goes before what the server names, which is not asked", () =>
    Effect.gen(function* () {
      const { metadataUrl, open, server, stored, authorizationServer } = yield* world
      server.knobs.metadataAt = ["metadata"]
      server.knobs.authorizationServers = ["http://127.0.0.1:9"]
      const { oauth } = yield* open({ authorizationServerMetadataUrl: metadataUrl })
      yield* oauth.ensure
      assert.strictEqual(stored()?.issuer, authorizationServer.issuer)
    }))

  it.scopedLive("has an issuer of another place, to whose spelling `iss` is held", () =>
    Effect.gen(function* () {
      const { authorizationServer, metadataUrl, notices, open, stored } = yield* world
      const issuer = "https://login.example/tenant/"
      authorizationServer.knobs.metadata = (document) => ({ ...document, issuer })
      authorizationServer.knobs.issSent = { value: issuer }
      const { oauth } = yield* open({ authorizationServerMetadataUrl: metadataUrl })
      yield* oauth.ensure
      assert.strictEqual(stored()?.issuer, issuer)
      assert.deepStrictEqual(McpHarness.warnings({ notices }), [])
      authorizationServer.knobs.issSent = { value: issuer.slice(0, -1) }
      assert.deepInclude(yield* Effect.flip(oauth.login), { _tag: "InvalidResponse", reason: "IssuerMismatch" })
    }))

  const answers: ReadonlyArray<[string, Fault, object]> = [
    ["404", { status: 404 }, { reason: "NoMetadata" }],
    ["401 with JSON", { error: "unauthorized", status: 401 }, { reason: "NoMetadata" }],
    ["a page", "html", { reason: "NoMetadata", isWebPage: true }],
    ["an error in a success", { error: "not_found", status: 200 }, { reason: "NoMetadata" }],
    ["an internal error", { status: 502 }, { reason: "ServerError", status: 502 }],
    ["another document, which has no issuer", { status: 200, body: { keys: [] } }, { reason: "IssuerMissing" }]
  ]
  for (const [what, fault, expected] of answers) {
    it.scopedLive(`but is ${what}: an error that says where, no other place is asked, and nothing is opened`, () =>
      Effect.gen(function* () {
        const { authorizationServer, metadataUrl, open, windows } = yield* world
        authorizationServer.fail("metadata", fault, { times: Number.POSITIVE_INFINITY })
        const { oauth } = yield* open({ authorizationServerMetadataUrl: metadataUrl })
        const error = yield* Effect.flip(oauth.ensure)
        assert.deepInclude(error, expected)
        if ("url" in error) assert.strictEqual(error.url, metadataUrl)
        if ("reason" in expected && expected.reason === "NoMetadata") {
          assert.include(error.message, "authorizationServerMetadataUrl")
        }
        const paths = authorizationServer.requests.map(({ path }) => path)
        assert.deepStrictEqual([...new Set(paths)], [new URL(metadataUrl).pathname])
        assert.strictEqual(windows(), 0)
      }))
  }

  it.scopedLive("is held to the same checks as any other", () =>
    Effect.gen(function* () {
      const { authorizationServer, metadataUrl, open, windows } = yield* world
      const { oauth } = yield* open({ authorizationServerMetadataUrl: metadataUrl })
      authorizationServer.knobs.metadata = (document) => ({ ...document, code_challenge_methods_supported: ["plain"] })
      assert.deepInclude(yield* Effect.flip(oauth.ensure), { reason: "MissingS256" })
      authorizationServer.knobs.metadata = (document) => ({ ...document, token_endpoint: "http://as.example/token" })
      assert.deepInclude(yield* Effect.flip(oauth.ensure), { reason: "InsecureUrl", field: "token_endpoint" })
      assert.strictEqual(windows(), 0)
    }))
})
