/** The traps of the MCP SDK's own sign-in, one by one: silent damage. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as McpHarness from "../fixtures/McpHarness.ts"
import * as ProtectedServer from "../fixtures/ProtectedServer.ts"
import type { Fault } from "../fixtures/ScriptedAuthorizationServer.ts"
import * as ScriptedAuthorizationServer from "../fixtures/ScriptedAuthorizationServer.ts"

type World = McpHarness.World

const words = (outcomes: ReadonlyArray<McpHarness.Outcome>) => outcomes.map(McpHarness.word)

/** Somebody signed in earlier, and the access token ends now. */
const expired = (options?: Parameters<typeof McpHarness.world>[0]) =>
  Effect.gen(function* () {
    const world = yield* McpHarness.world(options)
    yield* world.signedIn
    world.authorizationServer.expireAll()
    return { ...world, before: world.stored() }
  })

const scopesAsked = ({ authorizationServer }: World) =>
  authorizationServer.requests.filter(({ endpoint }) => endpoint === "authorize").map(({ params }) =>
    params.get("scope")
  )

describe("trap 7: a refresh that fails", () => {
  const faults: Readonly<Record<string, Fault>> = {
    "by a broken connection": "reset",
    "by an internal error": { status: 500 },
    "by too many requests": { status: 429 },
    "by a page of HTML": "html"
  }
  for (const [how, fault] of Object.entries(faults)) {
    it.scopedLive(`${how} is an error and no window, and the next request refreshes`, () =>
      Effect.gen(function* () {
        const world = yield* expired()
        world.authorizationServer.fail("token", fault)
        const { oauth } = yield* world.open()
        const outcome = yield* McpHarness.call(oauth, world.server.url)
        assert.strictEqual(McpHarness.word(outcome), "TokenError")
        assert.deepStrictEqual(world.stored(), world.before)
        assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
        assert.deepStrictEqual([world.authorizationServer.refreshes(), world.windows()], [1, 1])
      }))
  }

  it.scopedLive("to be stored is no window, and the rotated token is not lost", () =>
    Effect.gen(function* () {
      const world = yield* expired()
      world.store.fail("write")
      const { oauth } = yield* world.open()
      assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
      assert.strictEqual(world.notices.filter(({ _tag }) => _tag === "TokensNotStored").length, 1)
      assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
      world.authorizationServer.expireAll()
      assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
      const { authorizationServer } = world
      assert.deepStrictEqual([authorizationServer.refreshes(), authorizationServer.reuses(), world.windows()], [
        2,
        0,
        1
      ])
      assert.notStrictEqual(McpHarness.accessTokenOf(world.stored()), McpHarness.accessTokenOf(world.before))
    }))
})

describe("trap 8: two that refresh at once", () => {
  it.scopedLive("in one program refresh once, and nobody's tokens are erased", () =>
    Effect.gen(function* () {
      const world = yield* expired({ authorizationServer: { refreshLatency: 100 } })
      const { oauth: one } = yield* world.open()
      const { oauth: other } = yield* world.open()
      const calls = [one, other, one, other].map((oauth) => McpHarness.call(oauth, world.server.url))
      const outcomes = yield* Effect.all(calls, { concurrency: "unbounded" })
      assert.deepStrictEqual(words(outcomes), [200, 200, 200, 200])
      const { authorizationServer } = world
      assert.deepStrictEqual([authorizationServer.refreshes(), authorizationServer.reuses(), world.windows()], [
        1,
        0,
        1
      ])
      assert.isDefined(world.stored()?.tokens?.refreshToken)
    }))

  it.scopedLive("and the late one finds the tokens of the first, and refreshes nothing", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      yield* world.signedIn
      const { oauth: late } = yield* world.open()
      assert.strictEqual(yield* McpHarness.call(late, world.server.url), 200)
      world.authorizationServer.expireAll()
      const { oauth: first } = yield* world.open()
      assert.strictEqual(yield* McpHarness.call(first, world.server.url), 200)
      assert.strictEqual(yield* McpHarness.call(late, world.server.url), 200)
      assert.deepStrictEqual([world.authorizationServer.refreshes(), world.authorizationServer.reuses()], [1, 0])
    }))

  it.scopedLive("and one that is refused keeps the tokens it sent, with a mark, and the registration", () =>
    Effect.gen(function* () {
      const world = yield* expired()
      world.authorizationServer.revokeAll()
      const { oauth } = yield* world.open({ interactive: false })
      const outcome = yield* McpHarness.call(oauth, world.server.url)
      assert.strictEqual(McpHarness.word(outcome), "InteractionRequired")
      assert.deepStrictEqual(world.stored()?.client, world.before?.client)
      const { refreshRefusedAt, ...tokens } = world.stored()?.tokens ?? {}
      assert.deepStrictEqual(tokens, world.before?.tokens)
      assert.isDefined(refreshRefusedAt)
    }))
})

describe("trap 9: an MCP server whose metadata is out of order while somebody is signed in", () => {
  const faults: Readonly<Record<string, Fault>> = {
    "answers 503": { status: 503 },
    "breaks the connection": "reset",
    "answers 429": { status: 429 }
  }
  for (const [what, fault] of Object.entries(faults)) {
    it.scopedLive(`and ${what}, is taken for no authorization server, and nothing is lost`, () =>
      Effect.gen(function* () {
        const world = yield* expired({ server: { metadataAt: ["metadata", "root-metadata"], challenge: () => [] } })
        const before = world.authorizationServer.requests.length
        world.server.fail("metadata", fault, { times: Infinity })
        world.server.fail("root-metadata", fault, { times: Infinity })
        const { oauth } = yield* world.open({ unsafe: { allowMissingS256: true } })
        const outcome = yield* McpHarness.call(oauth, world.server.url)
        assert.strictEqual(McpHarness.word(outcome), "DiscoveryError")
        const paths = new Set(world.server.requests.map(({ path }) => path))
        // An internal error at one place says nothing about the other.
        const root = what === "answers 503" ? ["/.well-known/oauth-protected-resource"] : []
        assert.deepStrictEqual([...paths].sort(), [...root, "/.well-known/oauth-protected-resource/mcp", "/mcp"])
        assert.strictEqual(world.authorizationServer.requests.length, before)
        assert.deepStrictEqual([world.stored(), world.windows()], [world.before, 1])
        world.server.heal()
        assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
        assert.deepStrictEqual([world.authorizationServer.refreshes(), world.windows()], [1, 1])
      }))
  }
})

describe("trap 10: what was found once is asked for again", () => {
  it.scopedLive("so that a move to another authorization server is seen in a program that runs", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const { oauth } = yield* world.open()
      assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
      const other = yield* ScriptedAuthorizationServer.make()
      world.server.knobs.authorizationServers = [other.issuer]
      world.server.knobs.verify = other.verify
      assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
      assert.deepStrictEqual([other.count("register"), other.windows(), world.windows()], [1, 1, 2])
      assert.strictEqual((yield* oauth.status).issuer, other.issuer)
    }))

  it.scopedLive("and one sign-in asks for it once, and exchanges the code at the server that gave it", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.person.mode = "waits"
      const { oauth } = yield* world.open()
      const ensuring = yield* McpHarness.started(Effect.either(oauth.ensure))
      yield* world.untilShown(1)
      const other = yield* ScriptedAuthorizationServer.make()
      world.server.knobs.authorizationServers = [other.issuer]
      yield* world.answer
      assert.strictEqual((yield* ensuring)._tag, "Right")
      assert.deepStrictEqual([world.authorizationServer.count("token"), other.requests.length], [1, 0])
      assert.deepStrictEqual([world.server.count("metadata"), world.authorizationServer.count("metadata")], [1, 1])
    }))
})

describe("trap 11: offline_access inside of another scope's name", () => {
  for (const scope of ["not_offline_access", "mcp offline_access"]) {
    it.scopedLive(`or by itself asks for no consent: ${scope}`, () =>
      Effect.gen(function* () {
        const metadata = (document: object) => ({ ...document, scopes_supported: ["mcp"] })
        const world = yield* McpHarness.world({ authorizationServer: { metadata } })
        world.server.knobs.challenge = () => [`Bearer scope="${scope}"`]
        const { oauth } = yield* world.open()
        yield* oauth.ensure
        assert.deepStrictEqual(scopesAsked(world), [scope])
        assert.isNull(world.shown[0]?.url.searchParams.get("prompt"))
      }))
  }

  it.scopedLive("leaves alone what the server itself writes in its address", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({
        authorizationServer: {
          metadata: ({ authorization_endpoint: url, ...rest }) => ({
            ...rest,
            scopes_supported: ["mcp"],
            authorization_endpoint: `${String(url)}?prompt=login&tenant=7`
          })
        }
      })
      const { oauth } = yield* world.open()
      yield* oauth.ensure
      const params = world.shown[0]?.url.searchParams
      assert.deepStrictEqual([params?.getAll("prompt"), params?.get("tenant")], [["login"], "7"])
    }))
})

describe("trap 12: a challenge is read as it is written", () => {
  const challenges: Readonly<Record<string, ReadonlyArray<string>>> = {
    "after another scheme": ['Basic realm="x, Bearer", Bearer scope="files"'],
    "in a header of its own": ['Basic realm="x"', 'Bearer scope="files"'],
    "with a scope in its error's words": [
      'Bearer error="invalid_token", error_description="no scope=admin", scope="files"'
    ],
    "with a scope quoted in its error's words": ['Bearer error_description="say scope=\\"admin\\"", scope="files"'],
    "in other cases": ["bEARER SCOPE=files"]
  }
  for (const [how, lines] of Object.entries(challenges)) {
    it.scopedLive(how, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world({ server: { challenge: () => lines } })
        const { oauth } = yield* world.open()
        yield* oauth.ensure
        assert.deepStrictEqual(scopesAsked(world), ["files offline_access"])
      }))
  }
})

describe("trap 13: metadata that the challenge has elsewhere", () => {
  it.scopedLive("is not followed when it is another server's, and no token goes there", () =>
    Effect.gen(function* () {
      const world = yield* expired()
      const stranger = yield* ScriptedAuthorizationServer.make()
      const other = yield* ProtectedServer.make({ authorizationServer: stranger })
      world.server.knobs.challenge = () => [`Bearer resource_metadata="${other.metadataUrl}"`]
      const { oauth } = yield* world.open()
      const outcome = yield* McpHarness.call(oauth, world.server.url)
      assert.deepInclude(outcome as object, { _tag: "UntrustedMetadata", reason: "ResourceMismatch" })
      assert.deepStrictEqual(stranger.requests, [])
      assert.deepStrictEqual(other.requests.map(({ headers, path }) => [path, headers.authorization]), [
        ["/.well-known/oauth-protected-resource/mcp", undefined]
      ])
      assert.deepStrictEqual([world.stored(), world.windows()], [world.before, 1])
    }))

  it.scopedLive("is taken when it speaks for this server", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({ server: { metadataAt: [] } })
      const elsewhere = yield* ProtectedServer.make({
        authorizationServer: world.authorizationServer,
        metadata: (document) => ({ ...document, resource: world.server.url })
      })
      world.server.knobs.challenge = () => [`Bearer resource_metadata="${elsewhere.metadataUrl}"`]
      const { oauth } = yield* world.open()
      assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
    }))

  it.scopedLive("is not asked for over a wire that anybody reads", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.server.knobs.challenge = () => ['Bearer resource_metadata="http://mcp.example/metadata"']
      const { oauth } = yield* world.open()
      const error = yield* Effect.flip(oauth.ensure)
      assert.deepInclude(error, { _tag: "UntrustedMetadata", reason: "InsecureUrl", field: "resource_metadata" })
      assert.deepStrictEqual(world.authorizationServer.requests, [])
    }))
})
