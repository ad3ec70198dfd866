/** Where to sign in, and what for: the documents, the challenge, and what is asked for. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { MetadataLocation, Recorded } from "../fixtures/ScriptedAuthorizationServer.ts"
import * as ScriptedAuthorizationServer from "../fixtures/ScriptedAuthorizationServer.ts"

type World = McpHarness.World

const pathsOf = (requests: ReadonlyArray<Recorded>, endpoint: string): ReadonlyArray<string> =>
  requests.filter((request) => request.endpoint.endsWith(endpoint)).map(({ path }) => path)

/** The requests of an endpoint. */
const sent = ({ requests }: World["authorizationServer"], endpoint: string) =>
  requests.filter((request) => request.endpoint === endpoint)

const wellKnown = "/.well-known/oauth-protected-resource"

describe("the metadata of the MCP server", () => {
  it.scopedLive("is taken from where the challenge says, and nowhere else is asked", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({ server: { metadataAt: ["root-metadata"] } })
      world.server.knobs.challenge = () => [`Bearer resource_metadata="${world.server.rootMetadataUrl}"`]
      const { oauth } = yield* world.open()
      yield* oauth.ensure
      assert.deepStrictEqual(pathsOf(world.server.requests, "metadata"), [wellKnown])
    }))

  it.scopedLive("is taken from beside its path where the challenge does not say", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({ server: { challenge: () => ["Bearer"] } })
      const { oauth } = yield* world.open()
      yield* oauth.ensure
      assert.deepStrictEqual(pathsOf(world.server.requests, "metadata"), [`${wellKnown}/mcp`])
    }))

  it.scopedLive("is taken from the root where there is none beside the path, also without any challenge", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({ server: { metadataAt: ["root-metadata"], challenge: () => [] } })
      const { oauth } = yield* world.open()
      yield* oauth.ensure
      assert.deepStrictEqual(pathsOf(world.server.requests, "metadata"), [`${wellKnown}/mcp`, wellKnown])
    }))

  it.scopedLive("is looked for in the usual places where the document of the challenge is not there", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.server.knobs.challenge = () => [`Bearer resource_metadata="${world.authorizationServer.origin}/gone"`]
      const { oauth } = yield* world.open()
      yield* oauth.ensure
      assert.deepStrictEqual(pathsOf(world.server.requests, "metadata"), [`${wellKnown}/mcp`])
    }))

  it.scopedLive("is nowhere although the challenge names it: that is an error, not an old server", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({ server: { metadataAt: [] } })
      const { oauth } = yield* world.open({ unsafe: { allowMissingS256: true } })
      const error = yield* Effect.flip(oauth.ensure)
      assert.deepInclude(error, { _tag: "DiscoveryError", reason: "NoMetadata", url: world.server.metadataUrl })
      assert.deepStrictEqual(world.authorizationServer.requests, [])
      assert.deepStrictEqual(pathsOf(world.server.requests, "resource"), ["/mcp"])
    }))

  it.scopedLive("is a page of HTML: it counts as not there, and an HTML page at the root too", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({ server: { metadataAt: ["metadata", "root-metadata"] } })
      world.server.fail("metadata", "html", { times: 2 })
      const { oauth } = yield* world.open()
      yield* oauth.ensure
      world.server.fail("metadata", "html", { times: 2 })
      world.server.fail("root-metadata", "html", { times: 2 })
      const error = yield* Effect.flip(oauth.login)
      assert.deepInclude(error, { _tag: "DiscoveryError", reason: "NoMetadata" })
    }))

  it.scopedLive("is an error in a 200: it counts as not there", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({
        server: { metadataAt: ["metadata", "root-metadata"], challenge: () => [] },
        authorizationServer: { metadataAt: ["oauth", "openid-append"] }
      })
      world.server.fail("metadata", { error: "not_found", status: 200 })
      world.authorizationServer.fail("metadata", { error: "not_found", status: 200 })
      const { oauth } = yield* world.open()
      yield* oauth.ensure
      assert.deepStrictEqual([world.server.count("root-metadata"), world.authorizationServer.count("metadata")], [1, 2])
    }))

  it.scopedLive("is JSON, but not of this kind: that is an error, which names the field", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.server.knobs.metadata = (document) => ({ ...document, authorization_servers: 5 })
      const { oauth } = yield* world.open()
      const error = yield* Effect.flip(oauth.ensure)
      assert.deepInclude(error, { _tag: "UntrustedMetadata", reason: "Malformed", field: "authorization_servers" })
    }))

  it.scopedLive("names one authorization server in a text: that is a list of one", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const { issuer } = world.authorizationServer
      world.server.knobs.metadata = (document) => ({ ...document, authorization_servers: issuer })
      const { oauth } = yield* world.open()
      yield* oauth.ensure
      assert.strictEqual(world.stored()?.issuer, issuer)
    }))

  it.scopedLive("is at the next place where one place has an internal error, for both servers", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({
        server: { metadataAt: ["metadata", "root-metadata"], challenge: () => [] },
        authorizationServer: { issuerPath: "/tenant1", metadataAt: ["oauth", "openid-append"] }
      })
      world.server.fail("metadata", { status: 502 }, { times: Infinity })
      world.authorizationServer.fail("metadata", { status: 503 })
      const { oauth } = yield* world.open()
      yield* oauth.ensure
      assert.deepStrictEqual([world.server.count("root-metadata"), world.windows()], [1, 1])
    }))

  it.scopedLive("answers 500 once: it is asked once more, and nobody notices", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.server.fail("metadata", { status: 500 })
      world.authorizationServer.fail("metadata", { status: 502 })
      const { oauth } = yield* world.open()
      const error = yield* Effect.flip(oauth.ensure)
      assert.deepInclude(error, { _tag: "DiscoveryError", reason: "ServerError", status: 502 })
      world.server.fail("metadata", { status: 500 })
      yield* oauth.ensure
      assert.strictEqual(world.windows(), 1)
    }))
})

describe("a challenge", () => {
  const schemes: Readonly<Record<string, (url: string) => ReadonlyArray<string>>> = {
    "after another one in the same header": (url) => [`Basic realm="a, Bearer b", Bearer resource_metadata="${url}"`],
    "in a header after another one": (url) => ["Negotiate", `bearer resource_metadata=${url}, scope="challenged"`],
    "before another one": (url) => [`Bearer resource_metadata="${url}", scope="challenged", DPoP algs="ES256"`]
  }
  for (const [where, challenge] of Object.entries(schemes)) {
    it.scopedLive(`${where} is found`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world({ server: { metadataAt: ["root-metadata"] } })
        world.server.knobs.challenge = () => challenge(world.server.rootMetadataUrl)
        const { oauth } = yield* world.open()
        yield* oauth.ensure
        assert.deepStrictEqual(pathsOf(world.server.requests, "metadata"), [wellKnown])
      }))
  }

  it.scopedLive("names the scopes to ask for: those of the metadata are not asked for then", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({
        server: { challenge: ({ metadataUrl }) => [`Bearer scope="files", resource_metadata="${metadataUrl}"`] }
      })
      const { oauth } = yield* world.open({ scope: "own" })
      yield* oauth.ensure
      const [authorize] = sent(world.authorizationServer, "authorize")
      assert.strictEqual(authorize?.params.get("scope"), "own files offline_access")
    }))
})

describe("the metadata of the authorization server", () => {
  const locations: ReadonlyArray<MetadataLocation> = ["oauth", "openid-insert", "openid-append"]
  for (const issuerPath of ["", "/tenant1"]) {
    for (const location of locations) {
      it.scopedLive(`of ${issuerPath === "" ? "a bare host" : "a tenant"} is found at ${location}`, () =>
        Effect.gen(function* () {
          const world = yield* McpHarness.world({ authorizationServer: { issuerPath, metadataAt: [location] } })
          const { oauth } = yield* world.open()
          yield* oauth.ensure
          assert.strictEqual(world.stored()?.issuer, world.authorizationServer.issuer)
        }))
    }
  }

  it.scopedLive("is not there: nothing is guessed where the MCP server names an authorization server", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({ authorizationServer: { metadataAt: [] } })
      const { oauth } = yield* world.open({ unsafe: { allowMissingS256: true } })
      const error = yield* Effect.flip(oauth.ensure)
      const { issuer: url } = world.authorizationServer
      assert.deepInclude(error, { _tag: "DiscoveryError", reason: "NoMetadata", url })
      assert.strictEqual(world.authorizationServer.count("register"), 0)
    }))

  it.scopedLive("is a page of HTML everywhere: it counts as not there", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.authorizationServer.fail("metadata", "html", { times: Infinity })
      const { oauth } = yield* world.open()
      const error = yield* Effect.flip(oauth.ensure)
      assert.deepInclude(error, { _tag: "DiscoveryError", reason: "NoMetadata" })
      assert.strictEqual(world.windows(), 0)
    }))
})

describe("a server of 2025-03-26, which publishes nothing of its own", () => {
  /** The MCP server and the authorization server on one origin; the first has no metadata. */
  const old = (metadataAt: ReadonlyArray<MetadataLocation>) =>
    Effect.gen(function* () {
      const issSent = metadataAt.length === 0 ? "none" : "right"
      const authorizationServer = yield* ScriptedAuthorizationServer.make({ metadataAt, issSent })
      const harness = yield* McpHarness.make
      const serverUrl = `${authorizationServer.origin}/mcp`
      const resource = (init: RequestInit = {}) => {
        const token = new Headers(init.headers).get("authorization")?.replace("Bearer ", "") ?? ""
        return authorizationServer.verify(token, serverUrl).then((verified) =>
          new Response(null, { status: verified === undefined ? 401 : 200 })
        )
      }
      const fetchHere = (url: string | URL, init?: RequestInit) =>
        String(url) === serverUrl ? resource(init) : fetch(url, init)
      const make = (allowMissingS256: boolean) =>
        McpHarness.open(harness, { serverUrl, fetch: fetchHere, unsafe: { allowMissingS256 } })
      return { authorizationServer, harness, make, serverUrl }
    })

  it.scopedLive("but an authorization server on its origin is used with all checks", () =>
    Effect.gen(function* () {
      const { authorizationServer, harness, make, serverUrl } = yield* old(["oauth"])
      const { oauth } = yield* make(false)
      yield* oauth.ensure
      assert.strictEqual(yield* McpHarness.call(oauth, serverUrl), 200)
      assert.deepStrictEqual(McpHarness.warnings(harness), [])
      const asked = [...sent(authorizationServer, "authorize"), ...sent(authorizationServer, "token")]
      assert.deepStrictEqual(asked.map(({ params }) => params.getAll("resource")), [[serverUrl], [serverUrl]])
    }))

  it.scopedLive("and no authorization server either: it is not guessed", () =>
    Effect.gen(function* () {
      const { authorizationServer, make } = yield* old([])
      const { oauth } = yield* make(false)
      const error = yield* Effect.flip(oauth.ensure)
      assert.deepInclude(error, { _tag: "DiscoveryError", reason: "NoMetadata" })
      assert.strictEqual(authorizationServer.count("register"), 0)
    }))

  it.scopedLive("is guessed where the missing S256 is waived, and the person is told", () =>
    Effect.gen(function* () {
      const { harness, make, serverUrl } = yield* old([])
      const { oauth } = yield* make(true)
      yield* oauth.ensure
      assert.strictEqual(yield* McpHarness.call(oauth, serverUrl), 200)
      const serverName = new URL(serverUrl).host
      assert.deepStrictEqual(McpHarness.warnings(harness), [{ _tag: "Unsafe", serverName, option: "allowMissingS256" }])
    }))
})

it.scopedLive("the resource is in the authorization, token and refresh requests, to the letter", () =>
  Effect.gen(function* () {
    const world = yield* McpHarness.world()
    const { oauth } = yield* world.open()
    assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
    world.authorizationServer.expireAll()
    assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
    const { authorizationServer, server } = world
    assert.strictEqual(authorizationServer.refreshes(), 1)
    const asked = [...sent(authorizationServer, "authorize"), ...sent(authorizationServer, "token")]
    assert.strictEqual(asked.length, 3)
    for (const { params } of asked) assert.deepStrictEqual(params.getAll("resource"), [server.url])
  }))

describe("offline_access", () => {
  const asked = (
    scopes: ReadonlyArray<string> | undefined,
    offered: ReadonlyArray<string> | undefined,
    scope?: string
  ) =>
    Effect.scoped(Effect.gen(function* () {
      const world = yield* McpHarness.world({
        authorizationServer: { metadata: (document) => ({ ...document, scopes_supported: offered }) },
        server: { metadata: (document) => ({ ...document, scopes_supported: scopes }) }
      })
      const { oauth } = yield* world.open({ scope })
      yield* oauth.ensure
      const params = sent(world.authorizationServer, "authorize")[0]?.params
      return [params?.get("scope") ?? undefined, params?.get("prompt") ?? undefined]
    }))

  it.live("is asked for where the authorization server offers it, without a prompt", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* asked(["mcp"], ["offline_access"]), ["mcp offline_access", undefined])
    }))

  it.live("is not asked for where it is not offered", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* asked(["mcp"], ["mcp"]), ["mcp", undefined])
      assert.deepStrictEqual(yield* asked(["mcp"], undefined), ["mcp", undefined])
    }))

  it.live("is not asked for alone: where no scope is known, none is asked for", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* asked(undefined, ["offline_access"]), [undefined, undefined])
    }))

  it.live("inside of another scope's name is another scope", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* asked(["not_offline_access"], ["mcp"]), ["not_offline_access", undefined])
    }))

  it.live("of the caller is asked for, offered or not", () =>
    Effect.gen(function* () {
      const both = "own offline_access"
      assert.deepStrictEqual(yield* asked(["mcp"], ["mcp"], both), [both, undefined])
    }))
})
