/** The traps of the MCP SDK's own sign-in, one by one: what hangs. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { FetchLike } from "../../src/mcp.ts"
import { assertError } from "../fixtures/assertError.ts"
import * as LoopbackHttp from "../fixtures/LoopbackHttp.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { Fault } from "../fixtures/ScriptedAuthorizationServer.ts"

type World = McpHarness.World

const requestTimeout = "1 second"

/** The MCP server was taken for no authorization server: only its resource and its metadata were asked for. */
const assertNoFallback = ({ server }: World) => {
  const asked = server.requests.filter(({ path }) =>
    path !== "/mcp" && !path.startsWith("/.well-known/oauth-protected-")
  )
  assert.deepStrictEqual(asked.map(({ target }) => target), [])
}

/** Somebody signed in earlier, and the access token ends now. */
const expired = (world: World) =>
  Effect.gen(function* () {
    yield* world.signedIn
    world.authorizationServer.expireAll()
    return world.stored()
  })

/** Runs an effect, which has to end long before any default time-limit does. */
const soon = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.flatten(Effect.timeoutTo(effect, {
    duration: "15 seconds",
    onSuccess: (result): Effect.Effect<A> => Effect.succeed(result),
    onTimeout: () => Effect.dieMessage("it hangs")
  }))

describe("trap 1: a server that accepts and never answers", () => {
  it.scopedLive("as the MCP server is an error in time", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.server.fail("resource", "hang", { times: Infinity })
      const { oauth } = yield* world.open({ requestTimeout })
      const error = yield* soon(Effect.flip(oauth.ensure))
      assertError(error, { _tag: "DiscoveryError", reason: "TimedOut", url: world.server.url })
      assert.deepStrictEqual(world.authorizationServer.requests, [])
    }))

  it.scopedLive("with the metadata of the MCP server is an error in time, and nobody else is asked", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({
        server: { metadataAt: ["metadata", "root-metadata"], challenge: () => [] }
      })
      world.server.fail("metadata", "hang", { times: Infinity })
      const { oauth } = yield* world.open({ requestTimeout })
      const error = yield* soon(Effect.flip(oauth.ensure))
      assertError(error, { _tag: "DiscoveryError", reason: "TimedOut", url: world.server.metadataUrl })
      assert.deepStrictEqual(world.authorizationServer.requests, [])
      assert.strictEqual(world.server.count("root-metadata"), 0)
      assertNoFallback(world)
    }))

  it.scopedLive("with the metadata of the authorization server is an error in time, and nobody else is asked", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.authorizationServer.fail("metadata", "hang", { times: Infinity })
      const { oauth } = yield* world.open({ requestTimeout })
      const error = yield* soon(Effect.flip(oauth.ensure))
      assertError(error, { _tag: "DiscoveryError", reason: "TimedOut" })
      assert.include(error.message, world.authorizationServer.origin)
      assert.strictEqual(world.authorizationServer.requests.length, 1)
      assertNoFallback(world)
    }))

  it.scopedLive("a registration is an error in time, and no window is opened", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.authorizationServer.fail("register", "hang", { times: Infinity })
      const { oauth } = yield* world.open({ requestTimeout })
      const error = yield* soon(Effect.flip(oauth.ensure))
      assertError(error, { _tag: "RegistrationError", reason: "TimedOut", issuer: world.authorizationServer.issuer })
      assert.deepStrictEqual([world.authorizationServer.count("register"), world.windows()], [1, 0])
      assertNoFallback(world)
    }))

  it.scopedLive("the exchange of the code is an error in time, and the code is sent once", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.authorizationServer.fail("token", "hang", { times: Infinity })
      const { oauth } = yield* world.open({ requestTimeout })
      const error = yield* soon(Effect.flip(oauth.ensure))
      assertError(error, { _tag: "TokenError", reason: "TimedOut", grant: "authorization_code" })
      assert.deepStrictEqual([world.authorizationServer.count("token"), world.windows()], [1, 1])
      assert.isUndefined(world.stored()?.tokens)
    }))

  it.scopedLive("a refresh is an error in time: no window, and what is stored stays", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const stored = yield* expired(world)
      world.authorizationServer.fail("token", "hang", { times: Infinity })
      const { oauth } = yield* world.open({ requestTimeout })
      const outcome = yield* soon(McpHarness.call(oauth, world.server.url))
      assertError(outcome, { _tag: "TokenError", reason: "TimedOut", grant: "refresh_token" })
      assert.deepStrictEqual([world.authorizationServer.count("token", "refresh_token"), world.windows()], [1, 1])
      assert.deepStrictEqual(world.stored(), stored)
      assertNoFallback(world)
    }))

  it.scopedLive("a revocation is an error in time, and all is forgotten here", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      yield* world.signedIn
      world.authorizationServer.fail("revoke", "hang", { times: Infinity })
      const { oauth } = yield* world.open({ requestTimeout })
      const error = yield* soon(Effect.flip(oauth.logout))
      assertError(error, { _tag: "RevocationError", reason: "TimedOut" })
      assert.isUndefined(world.stored())
    }))

  it.scopedLive("in the middle of its answer is an error in time", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const slow: FetchLike = (url, init) =>
        String(url).includes("oauth-authorization-server")
          ? Promise.resolve(new Response(new ReadableStream(), { headers: { "content-type": "application/json" } }))
          : fetch(url, init)
      const { oauth } = yield* world.open({ requestTimeout, fetch: slow })
      const error = yield* soon(Effect.flip(oauth.ensure))
      assertError(error, { _tag: "DiscoveryError", reason: "TimedOut" })
      assert.deepStrictEqual(world.authorizationServer.requests, [])
    }))

  it.scopedLive("holds neither a request that is aborted nor the end of the program", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.server.fail("metadata", "hang", { times: Infinity })
      const { close, oauth } = yield* world.open()
      const other = yield* McpHarness.started(McpHarness.call(oauth, world.server.url))
      for (const signal of [AbortSignal.timeout(100), AbortSignal.abort()]) {
        const aborted = yield* soon(McpHarness.call(oauth, world.server.url, { signal }))
        assert.strictEqual(aborted as unknown, signal.reason)
      }
      yield* soon(close)
      assert.strictEqual(McpHarness.word(yield* soon(other)), "Closed")
    }))
})

describe("trap 2: a failure is not taken for an absent document", () => {
  const faults: Readonly<Record<string, readonly [fault: Fault, reason: string, requests: number]>> = {
    "a broken connection": ["reset", "Unreachable", 2],
    "an internal error": [{ status: 500 }, "ServerError", 2],
    "too many requests": [{ status: 429 }, "ServerError", 2],
    "a request that took too long": [{ status: 408 }, "ServerError", 2]
  }
  for (const [what, [fault, reason, requests]] of Object.entries(faults)) {
    it.scopedLive(`and ${what} for the MCP server's metadata is no document: nothing is guessed`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world({
          server: { metadataAt: ["metadata", "root-metadata"], challenge: () => [] }
        })
        world.server.fail("metadata", fault, { times: Infinity })
        world.server.fail("root-metadata", fault, { times: Infinity })
        const { oauth } = yield* world.open({ unsafe: { allowMissingS256: true } })
        const error = yield* soon(Effect.flip(oauth.ensure))
        assertError(error, { _tag: "DiscoveryError", reason, url: world.server.metadataUrl })
        // Deno itself repeats a request whose connection broke when it was not a new one.
        assert.isAtLeast(world.server.count("metadata"), requests)
        assert.isAtMost(world.server.count("metadata"), requests + (what === "a broken connection" ? 1 : 0))
        // An internal error says nothing about the other places of the same server; anything else ends the step.
        assert.strictEqual(world.server.count("root-metadata"), what === "an internal error" ? requests : 0)
        assert.deepStrictEqual(world.authorizationServer.requests, [])
        assertNoFallback(world)
      }))

    it.scopedLive(`and ${what} for the authorization server's is no document`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world({ authorizationServer: { metadataAt: ["oauth", "openid-append"] } })
        world.authorizationServer.fail("metadata", fault, { times: Infinity })
        const { oauth } = yield* world.open()
        const error = yield* soon(Effect.flip(oauth.ensure))
        const path = "/.well-known/oauth-authorization-server"
        assertError(error, { _tag: "DiscoveryError", reason, url: `${world.authorizationServer.origin}${path}` })
        assert.isAtLeast(world.authorizationServer.requests.length, requests)
        const others = what === "an internal error" ? ["/.well-known/openid-configuration"] : []
        const asked = [...new Set(world.authorizationServer.requests.map((request) => request.path))]
        assert.deepStrictEqual(asked, [path, ...others])
      }))
  }

  it.scopedLive("and after the time-limit nothing more is asked, also by a fetch that knows of no signal", () =>
    Effect.gen(function* () {
      // The challenge does not say where the metadata is: the SDK would ask at the root next.
      const world = yield* McpHarness.world({ server: { metadataAt: ["root-metadata"], challenge: () => [] } })
      const deaf: FetchLike = async (url, { signal: _, ...init } = {}) => {
        if (String(url) === world.server.metadataUrl) await new Promise((done) => setTimeout(done, 600))
        return await fetch(url, init)
      }
      const { oauth } = yield* world.open({ requestTimeout: "300 millis", fetch: deaf })
      const error = yield* soon(Effect.flip(oauth.ensure))
      assertError(error, { _tag: "DiscoveryError", reason: "TimedOut" })
      yield* Effect.sleep("600 millis")
      assert.deepStrictEqual([world.server.count("metadata"), world.server.count("root-metadata")], [1, 0])
    }))
})

it.scopedLive("trap 3: a strict server, a cached client and a taken port: it registers anew and signs in", () =>
  Effect.gen(function* () {
    const world = yield* McpHarness.world({ authorizationServer: { strictRedirect: true } })
    yield* world.signedIn
    world.editTokens(() => undefined)
    yield* LoopbackHttp.listenOn(Number(new URL(world.shown[0]?.redirectUri ?? "").port))
    const { oauth } = yield* world.open()
    yield* soon(oauth.ensure)
    assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
    assert.deepStrictEqual([world.authorizationServer.count("register"), world.windows()], [2, 2])
    assert.deepStrictEqual(world.stuck, [])
  }))
