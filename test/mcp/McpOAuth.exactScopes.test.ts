/** The option `scope: { exactly }`: these scopes and no others, whatever the server asks for. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as McpHarness from "../fixtures/McpHarness.ts"

const { call } = McpHarness

/** The scopes of each authorization request. */
const asked = ({ authorizationServer }: McpHarness.World) =>
  authorizationServer.requests.filter(({ endpoint }) => endpoint === "authorize").map(({ params }) =>
    params.get("scope")
  )

/** `/write` needs a scope more than the rest. */
const world = Effect.tap(McpHarness.world(), ({ server }) =>
  Effect.sync(() => {
    server.knobs.requiredScopes = ({ path }) => path === "/write" ? ["mcp", "write"] : []
  }))

describe("exact scopes", () => {
  for (const exactly of ["mcp", "mcp files:read", ""]) {
    it.scopedLive(`${JSON.stringify(exactly)}: a step-up for another opens no window, and the caller gets the 403`, () =>
      Effect.gen(function* () {
        const { authorizationServer, server, windows, ...rest } = yield* world
        const { oauth } = yield* rest.open({ scope: { exactly } })
        assert.strictEqual(yield* call(oauth, server.url), 200)
        const before = server.count("resource")
        const response = yield* Effect.promise(() => oauth.fetch(`${server.origin}/write`))
        assert.strictEqual(response.status, 403)
        assert.include(response.headers.get("www-authenticate") ?? "", "insufficient_scope")
        assert.strictEqual(yield* Effect.promise(() => response.text()), '{"error":"insufficient_scope"}')
        assert.deepStrictEqual([server.count("resource") - before, windows()], [1, 1])
        const all = yield* Effect.all(Array.from({ length: 5 }, () => call(oauth, `${server.origin}/write`)), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(all, Array(5).fill(403))
        assert.strictEqual(yield* call(oauth, server.url), 200)
        assert.deepStrictEqual([windows(), authorizationServer.refreshes()], [1, 0])
        assert.deepStrictEqual(asked({ authorizationServer, ...rest, server, windows }), [exactly || null])
      }))
  }

  it.scopedLive("that the person did not all grant are asked for again, once, when something needs them", () =>
    Effect.gen(function* () {
      const all = yield* world
      all.authorizationServer.knobs.grantScopes = () => ["mcp"]
      const { oauth } = yield* all.open({ scope: { exactly: "write mcp" } })
      assert.strictEqual(yield* call(oauth, all.server.url), 200)
      assert.strictEqual(yield* call(oauth, `${all.server.origin}/write`), 403)
      assert.strictEqual(yield* call(oauth, `${all.server.origin}/write`), 403)
      assert.deepStrictEqual(asked(all), ["write mcp", "write mcp"])
      all.authorizationServer.knobs.grantScopes = (scopes) => scopes
      yield* oauth.login
      assert.strictEqual(yield* call(oauth, `${all.server.origin}/write`), 200)
      assert.strictEqual(all.windows(), 3)
    }))

  it.scopedLive("are those of the registration, and of every later sign-in", () =>
    Effect.gen(function* () {
      const all = yield* world
      const { oauth } = yield* all.open({ scope: { exactly: "files:read" } })
      yield* oauth.ensure
      yield* oauth.login
      const registered = all.authorizationServer.requests.find(({ endpoint }) => endpoint === "register")?.body
      assert.deepInclude(registered as object, { scope: "files:read" })
      assert.deepStrictEqual(asked(all), ["files:read", "files:read"])
    }))
})

describe("offlineAccess: false", () => {
  for (const scope of [undefined, "files:read"]) {
    it.scopedLive(`asks for no offline_access beside ${scope ?? "what the server wants"}, also in a step-up`, () =>
      Effect.gen(function* () {
        const all = yield* world
        const { oauth } = yield* all.open({ offlineAccess: false, scope })
        assert.strictEqual(yield* call(oauth, all.server.url), 200)
        all.authorizationServer.knobs.refreshTokens = "offline_access"
        assert.strictEqual(yield* call(oauth, `${all.server.origin}/write`), 200)
        assert.strictEqual(all.windows(), 2)
        for (const scopes of asked(all)) assert.notInclude(scopes ?? "", "offline_access")
        assert.deepInclude(yield* oauth.status, { isSignedIn: true, isRefreshable: false })
        all.authorizationServer.expireAll()
        assert.strictEqual(yield* call(oauth, all.server.url), 200)
        assert.deepStrictEqual([all.authorizationServer.refreshes(), all.windows()], [0, 3])
      }))
  }
})
