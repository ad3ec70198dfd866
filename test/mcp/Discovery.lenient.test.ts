/** Documents and places as real servers have them: what nobody uses decides nothing. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { Document } from "../fixtures/ScriptedAuthorizationServer.ts"

const { call } = McpHarness

const always = { times: Number.POSITIVE_INFINITY }

const signsIn = (world: McpHarness.World) =>
  Effect.gen(function* () {
    const { oauth } = yield* world.open()
    assert.strictEqual(yield* call(oauth, world.server.url), 200)
    assert.strictEqual(world.windows(), 1)
  })

describe("the metadata of an authorization server", () => {
  for (const issuerPath of ["", "/realms/one"]) {
    it.scopedLive(`of RFC 8414 may be where OpenID Connect has its own, for the issuer ${issuerPath || "/"}`, () =>
      Effect.gen(function* () {
        const ofOpenId = ["jwks_uri", "subject_types_supported", "id_token_signing_alg_values_supported"]
        const metadata = (document: Document): Document =>
          Object.fromEntries(Object.entries(document).filter(([name]) => !ofOpenId.includes(name)))
        yield* signsIn(
          yield* McpHarness.world({ authorizationServer: { issuerPath, metadata, metadataAt: ["openid-append"] } })
        )
      }))
  }

  const fields: ReadonlyArray<Document> = [
    { service_documentation: "" },
    { op_policy_uri: 5, op_tos_uri: "not a URL", ui_locales_supported: "de" },
    { registration_endpoint_auth_methods: null, introspection_endpoint: "/relative", userinfo_endpoint: "" },
    { revocation_endpoint: null },
    { scopes_supported: "mcp offline_access" },
    { scopes_supported: { mcp: true } },
    { grant_types_supported: "authorization_code", response_modes_supported: null },
    { token_endpoint_auth_methods_supported: "none" },
    { mtls_endpoint_aliases: [], signed_metadata: 1 }
  ]
  for (const each of fields) {
    it.scopedLive(`may have ${JSON.stringify(each)}`, () =>
      Effect.gen(function* () {
        yield* signsIn(
          yield* McpHarness.world({ authorizationServer: { metadata: (document) => ({ ...document, ...each }) } })
        )
      }))
  }

  for (const status of [500, 502, 504]) {
    it.scopedLive(`is behind a proxy that answers ${status} for what it does not route`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world({
          authorizationServer: { issuerPath: "/oauth2/default", metadataAt: ["openid-append"] }
        })
        // The first two places of three.
        world.authorizationServer.fail("metadata", { status })
        world.authorizationServer.fail("metadata", { status })
        yield* signsIn(world)
      }))
  }
})

describe("the metadata of an MCP server", () => {
  const fields: ReadonlyArray<Document> = [
    { resource_documentation: "", resource_name: 5, jwks_uri: "" },
    { scopes_supported: "mcp", bearer_methods_supported: "header" },
    { scopes_supported: null, resource_policy_uri: null },
    { dpop_bound_access_tokens_required: "no", tls_client_certificate_bound_access_tokens: "" }
  ]
  for (const each of fields) {
    it.scopedLive(`may have ${JSON.stringify(each)}`, () =>
      Effect.gen(function* () {
        yield* signsIn(
          yield* McpHarness.world({ server: { metadata: (document) => ({ ...document, ...each }) } })
        )
      }))
  }

  for (const status of [401, 403, 405, 410, 500]) {
    it.scopedLive(`is at the root where the place of its path answers ${status}`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world({ server: { metadataAt: ["root-metadata"], challenge: () => [] } })
        world.server.fail("metadata", { status }, always)
        yield* signsIn(world)
      }))
  }

  it.scopedLive("is at its usual place where the one that the challenge names answers 500", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      // An address of the resource itself, which a person's token would be for.
      world.server.knobs.challenge = ({ request }) =>
        request.path === "/broken" ? [] : [`Bearer resource_metadata="${world.server.origin}/broken"`]
      const broken = (url: string | URL, init?: RequestInit) =>
        new URL(url).pathname === "/broken" ? Promise.resolve(new Response(null, { status: 500 })) : fetch(url, init)
      const { oauth } = yield* world.open({ fetch: broken })
      assert.strictEqual(yield* call(oauth, world.server.url), 200)
    }))
})

describe("an issuer that is written with and without its last slash", () => {
  const spelled = (named: string, published: string, more: string | undefined) =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const { issuer } = world.authorizationServer
      world.server.knobs.authorizationServers = [`${issuer}${named}`]
      world.authorizationServer.knobs.metadata = (document) => ({ ...document, issuer: `${issuer}${published}` })
      world.authorizationServer.knobs.issSent = { value: `${issuer}${published}` }
      world.authorizationServer.addClient({
        client_id: "by-hand",
        redirect_uris: ["http://127.0.0.1/callback"],
        token_endpoint_auth_method: "none"
      })
      const client = more === undefined ? {} : { client: { clientId: "by-hand", issuer: `${issuer}${more}` } }
      const { close, oauth } = yield* world.open(client)
      assert.strictEqual(yield* call(oauth, world.server.url), 200)
      yield* close
      world.authorizationServer.expireAll()
      const { oauth: later } = yield* world.open({ ...client, interactive: false })
      assert.strictEqual(yield* call(later, world.server.url), 200)
      assert.deepStrictEqual([world.windows(), world.authorizationServer.refreshes()], [1, 1])
    })

  for (const named of ["", "/"]) {
    for (const published of ["", "/"]) {
      for (const own of [undefined, "", "/"]) {
        const option = own === undefined ? "" : `, and in client.issuer as "${own}"`
        it.scopedLive(`is one: named with "${named}", published with "${published}"${option}`, () =>
          spelled(named, published, own))
      }
    }
  }
})
