/** What is checked before anything is sent to an authorization server. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { McpOAuthOptions } from "../../src/mcp.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { Document } from "../fixtures/ScriptedAuthorizationServer.ts"

/** Nothing but requests for metadata went out, and nobody was asked for anything. */
const assertUntouched = ({ authorizationServer, notices, stored, windows }: McpHarness.World) => {
  assert.deepStrictEqual(authorizationServer.requests.filter(({ endpoint }) => endpoint !== "metadata"), [])
  assert.strictEqual(windows(), 0)
  assert.isUndefined(stored())
  assert.deepStrictEqual(notices, [])
}

/** The error of a sign-in at a server with this metadata; nothing was sent to it. */
const refusal = (edit: (document: Document) => Document, options?: Partial<McpOAuthOptions>) =>
  Effect.scoped(Effect.gen(function* () {
    const world = yield* McpHarness.world({ authorizationServer: { metadata: edit } })
    const { oauth } = yield* world.open(options)
    const error = yield* Effect.flip(oauth.ensure)
    assertUntouched(world)
    return { error, issuer: world.authorizationServer.issuer, label: world.server.url }
  }))

const without = (name: string) => ({ [name]: _, ...rest }: Document): Document => rest

const codeChallenges = "code_challenge_methods_supported"

describe("the issuer of the metadata", () => {
  for (const [named, other] of Object.entries({ "another server": "https://other.example", "one letter": "X" })) {
    it.live(`is not the one asked for, but ${named}: nothing is sent there`, () =>
      Effect.gen(function* () {
        const { error, issuer, label } = yield* refusal((document) => ({
          ...document,
          issuer: other === "X" ? `${String(document.issuer)}X` : other
        }))
        assert.deepInclude(error, {
          _tag: "UntrustedMetadata",
          reason: "IssuerMismatch",
          server: label,
          field: "issuer",
          expected: issuer
        })
      }))
  }

  it.scopedLive("may have a slash at its end that was not asked for, and then `iss` is held to it", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({
        authorizationServer: { metadata: (document) => ({ ...document, issuer: `${String(document.issuer)}/` }) }
      })
      const { issuer } = world.authorizationServer
      world.authorizationServer.knobs.issSent = { value: `${issuer}/` }
      const { oauth } = yield* world.open()
      yield* oauth.ensure
      assert.strictEqual(world.stored()?.issuer, `${issuer}/`)
      world.authorizationServer.knobs.issSent = { value: issuer }
      assert.deepInclude(yield* Effect.flip(oauth.login), { _tag: "InvalidResponse", reason: "IssuerMismatch" })
    }))

  it.live("has a slash behind a path that was not asked for: nothing is sent there", () =>
    Effect.gen(function* () {
      const { error } = yield* refusal((document) => ({ ...document, issuer: `${String(document.issuer)}/a/` }))
      assert.deepInclude(error, { reason: "IssuerMismatch" })
    }))

  it.live("is missing: that is refused, and a waiver does not help", () =>
    Effect.gen(function* () {
      const { error } = yield* refusal(without("issuer"), { unsafe: { allowIssuerMismatch: true } })
      assert.deepInclude(error, { _tag: "UntrustedMetadata", reason: "IssuerMissing", field: "issuer" })
    }))

  it.scopedLive("may lack the slash that the MCP server wrote", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.server.knobs.authorizationServers = [`${world.authorizationServer.issuer}/`]
      const { oauth } = yield* world.open()
      yield* oauth.ensure
      assert.strictEqual(world.stored()?.issuer, world.authorizationServer.issuer)
    }))

  it.scopedLive("may be another one where that is waived, and then `iss` is held to it", () =>
    Effect.gen(function* () {
      const other = "https://other.example"
      const world = yield* McpHarness.world({
        authorizationServer: { metadata: (document) => ({ ...document, issuer: other }), issSent: { value: other } }
      })
      const { oauth } = yield* world.open({ unsafe: { allowIssuerMismatch: true } })
      yield* oauth.ensure
      assert.deepStrictEqual(McpHarness.warnings(world), [
        { _tag: "Unsafe", serverName: new URL(world.server.url).host, option: "allowIssuerMismatch" }
      ])
      assert.strictEqual(world.stored()?.issuer, other)
      world.authorizationServer.knobs.issSent = "right"
      assert.deepInclude(yield* Effect.flip(oauth.login), { _tag: "InvalidResponse", reason: "IssuerMismatch" })
    }))
})

describe("PKCE", () => {
  const kinds: Readonly<Record<string, unknown>> = { "not mentioned": undefined, "plain only": ["plain"], "empty": [] }
  for (const [kind, methods] of Object.entries(kinds)) {
    const edit = (document: Document): Document =>
      methods === undefined ? without(codeChallenges)(document) : { ...document, [codeChallenges]: methods }

    it.live(`is ${kind}: nothing is sent there`, () =>
      Effect.gen(function* () {
        const { error, label } = yield* refusal(edit)
        const expected = {
          _tag: "UntrustedMetadata",
          reason: "MissingS256",
          server: label,
          field: codeChallenges,
          expected: "S256"
        } as const
        assert.deepInclude(error, expected)
      }))

    it.scopedLive(`is ${kind}, which is waived: it is used nevertheless, and the person is told`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world({ authorizationServer: { metadata: edit } })
        const { oauth } = yield* world.open({ unsafe: { allowMissingS256: true } })
        yield* oauth.ensure
        const serverName = new URL(world.server.url).host
        assert.deepStrictEqual(McpHarness.warnings(world), [{ _tag: "Unsafe", serverName, option: "allowMissingS256" }])
        const authorize = world.authorizationServer.requests.find(({ endpoint }) => endpoint === "authorize")
        assert.strictEqual(authorize?.params.get("code_challenge_method"), "S256")
      }))
  }

  it.live("is waived, but the issuer is wrong too: that is not waived", () =>
    Effect.gen(function* () {
      const edit = (document: Document) => ({ ...document, issuer: "https://other.example", [codeChallenges]: [] })
      const { error } = yield* refusal(edit, { unsafe: { allowMissingS256: true } })
      assert.deepInclude(error, { _tag: "UntrustedMetadata", reason: "IssuerMismatch" })
      const { error: other } = yield* refusal(edit, { unsafe: { allowIssuerMismatch: true } })
      assert.deepInclude(other, { _tag: "UntrustedMetadata", reason: "MissingS256" })
    }))
})

describe("a waived check", () => {
  it.scopedLive("is warned about once for each option, however often the person signs in", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({
        authorizationServer: {
          metadata: (document) => ({ ...document, issuer: "https://other.example", [codeChallenges]: [] }),
          issSent: { value: "https://other.example" }
        }
      })
      const { oauth } = yield* world.open({ unsafe: { allowIssuerMismatch: true, allowMissingS256: true } })
      yield* oauth.login
      yield* oauth.login
      const options = McpHarness.warnings(world).map((notice) => notice._tag === "Unsafe" ? notice.option : notice._tag)
      assert.deepStrictEqual(options, ["allowIssuerMismatch", "allowMissingS256"])
    }))

  it.scopedLive("is not warned about where the check passes", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const { oauth } = yield* world.open({ unsafe: { allowIssuerMismatch: true, allowMissingS256: true } })
      yield* oauth.login
      assert.deepStrictEqual(McpHarness.warnings(world), [])
    }))
})

describe("an endpoint", () => {
  const endpoints = ["authorization_endpoint", "token_endpoint", "registration_endpoint", "revocation_endpoint"]
  for (const field of endpoints) {
    for (const url of ["http://as.example/it", "http://127.0.0.1.example/it", "https://me:secret@as.example/it"]) {
      it.live(`as ${field} at ${url} is refused before anything is sent`, () =>
        Effect.gen(function* () {
          const { error } = yield* refusal((document) => ({ ...document, [field]: url }))
          assert.deepInclude(error, { _tag: "UntrustedMetadata", reason: "InsecureUrl", field })
        }))
    }

    for (const url of ["javascript:alert(1)", "file:///etc/passwd", "custom:it", "data:text/html,it", "/it"]) {
      it.live(`as ${field} at ${JSON.stringify(url)} is refused before anything is sent`, () =>
        Effect.gen(function* () {
          const { error } = yield* refusal((document) => ({ ...document, [field]: url }))
          assert.include(["UntrustedMetadata", "DiscoveryError"], error._tag)
          assert.include(["InsecureUrl", "InvalidResponse"], "reason" in error ? error.reason : "")
        }))
    }
  }

  for (const field of endpoints.slice(0, 2)) {
    for (
      const [what, edit] of [["missing", without(field)], [
        "empty",
        (document: Document) => ({ ...document, [field]: "" })
      ]] as const
    ) {
      it.live(`as ${field} is ${what}: nothing is sent there`, () =>
        Effect.gen(function* () {
          const { error } = yield* refusal(edit)
          assert.deepInclude(error, { _tag: "UntrustedMetadata", reason: "InsecureUrl", field })
        }))
    }
  }

  it.scopedLive("that nobody has to have may be empty, as may any field that is not used", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({
        authorizationServer: {
          metadata: (document) => ({
            ...document,
            revocation_endpoint: "",
            service_documentation: "",
            op_policy_uri: null,
            jwks_uri: 5,
            scopes_supported: "mcp offline_access",
            response_types_supported: "code",
            code_challenge_methods_supported: "S256"
          })
        }
      })
      const { oauth } = yield* world.open()
      yield* oauth.ensure
      assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
      assert.strictEqual(
        world.authorizationServer.requests.find(({ endpoint }) => endpoint === "authorize")?.params.get("scope"),
        "mcp offline_access"
      )
    }))
})

it.live("a server that grants no codes is refused before anything is sent", () =>
  Effect.gen(function* () {
    const { error } = yield* refusal((document) => ({ ...document, response_types_supported: ["token"] }))
    const field = "response_types_supported"
    assert.deepInclude(error, { _tag: "UntrustedMetadata", reason: "ResponseTypeMissing", field })
  }))

describe("the resource that the MCP server calls itself", () => {
  const others: Readonly<Record<string, (url: string) => string>> = {
    "another server": () => "https://other.example/mcp",
    "another port": (url) => url.replace(/:\d+/, ":1"),
    "another path": (url) => `${new URL(url).origin}/other`,
    "a path below": (url) => `${url}/tools`,
    "the beginning of a name": (url) => url.slice(0, -1),
    "no URL": () => "mcp"
  }
  for (const [kind, other] of Object.entries(others)) {
    it.scopedLive(`is ${kind}: nothing is sent to its authorization server`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world()
        world.server.knobs.metadata = (document) => ({ ...document, resource: other(world.server.url) })
        const { oauth } = yield* world.open()
        const error = yield* Effect.flip(oauth.ensure)
        assert.include(["UntrustedMetadata", "DiscoveryError"], error._tag)
        assert.include(["ResourceMismatch", "InvalidResponse"], "reason" in error ? error.reason : "")
        assert.deepStrictEqual(world.authorizationServer.requests, [])
        assertUntouched(world)
      }))
  }

  it.scopedLive("may be above it, and is asked for to the letter", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const resource = `${world.server.origin}/`
      world.server.knobs.metadata = (document) => ({ ...document, resource })
      const { oauth } = yield* world.open()
      yield* oauth.login
      const asked = world.authorizationServer.requests.filter(({ endpoint }) => /authorize|token/.test(endpoint))
      assert.deepStrictEqual(asked.map(({ params }) => params.getAll("resource")), [[resource], [resource]])
    }))
})

describe("a server on the internet", () => {
  /** A network of documents by their URL, and all that was asked for. */
  const network = (documents: Readonly<Record<string, object>>, challenge: string) => {
    const asked: Array<string> = []
    return {
      asked,
      fetch: (url: string | URL) => {
        asked.push(String(url))
        const document = documents[String(url)]
        if (document !== undefined) return Promise.resolve(Response.json(document))
        const headers = { "www-authenticate": challenge }
        return Promise.resolve(String(url) === server ? new Response(null, { status: 401, headers }) : missing())
      }
    }
  }
  const missing = () => new Response(null, { status: 404 })
  const server = "https://mcp.example/mcp"
  const metadata = "https://mcp.example/.well-known/oauth-protected-resource/mcp"

  const refusedBy = (documents: Readonly<Record<string, object>>, challenge = "Bearer") =>
    Effect.gen(function* () {
      const harness = yield* McpHarness.make
      const { asked, fetch } = network(documents, challenge)
      const { oauth } = yield* McpHarness.open(harness, { serverUrl: server, fetch })
      const error = yield* Effect.flip(oauth.ensure)
      assert.strictEqual(harness.windows(), 0)
      return { asked, error }
    })

  for (const url of ["http://127.0.0.1:9/prm", "http://localhost/prm", "https://[::1]/prm", "http://as.example/prm"]) {
    it.scopedLive(`does not get ${url} requested by naming its metadata there`, () =>
      Effect.gen(function* () {
        const { asked, error } = yield* refusedBy({}, `Bearer resource_metadata="${url}"`)
        assert.deepInclude(error, { _tag: "UntrustedMetadata", reason: "InsecureUrl", field: "resource_metadata" })
        assert.deepStrictEqual(asked, [server])
      }))
  }

  for (const url of ["http://127.0.0.1:9", "https://localhost", "http://as.example"]) {
    it.scopedLive(`does not get ${url} requested by naming its authorization server there`, () =>
      Effect.gen(function* () {
        const { asked, error } = yield* refusedBy({ [metadata]: { resource: server, authorization_servers: [url] } })
        assert.deepInclude(error, { reason: "InsecureUrl", field: "authorization_servers", found: url })
        assert.deepStrictEqual(asked, [server, metadata])
      }))
  }

  it.scopedLive("does not get this machine requested by the endpoints of its authorization server", () =>
    Effect.gen(function* () {
      const { error } = yield* refusedBy({
        [metadata]: { resource: server, authorization_servers: ["https://as.example"] },
        "https://as.example/.well-known/oauth-authorization-server": {
          issuer: "https://as.example",
          authorization_endpoint: "https://as.example/authorize",
          token_endpoint: "http://127.0.0.1:9/token",
          response_types_supported: ["code"],
          [codeChallenges]: ["S256"]
        }
      })
      assert.deepInclude(error, { _tag: "UntrustedMetadata", reason: "InsecureUrl", field: "token_endpoint" })
    }))
})
