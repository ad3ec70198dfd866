/** What `oauth.fetch` does with a 403: a new authorization for more scopes, and no more of them than may help. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as McpHarness from "../fixtures/McpHarness.ts"

const { call, word } = McpHarness

/** Somebody is signed in for `mcp`; `/write` and `/admin` need more. Windows are counted from here. */
const world = Effect.gen(function* () {
  const harness = yield* McpHarness.world()
  yield* harness.signedIn
  const { authorizationServer, server } = harness
  server.knobs.requiredScopes = ({ path }) => path === "/write" ? ["mcp", "write"] : path === "/admin" ? ["admin"] : []
  const { oauth } = yield* harness.open()
  /** The scopes of each authorization request since then, sorted. */
  const asked = () =>
    authorizationServer.requests.filter(({ endpoint }) => endpoint === "authorize").slice(1)
      .map(({ params }) => params.get("scope")?.split(" ").sort().join(" "))
  const get = (path: string) => call(oauth, `${server.origin}${path}`)
  return { ...harness, asked, get, oauth, windows: () => harness.windows() - 1 }
})

describe("McpOAuth.fetch, when a token allows too little", () => {
  it.scopedLive("asks a person for what was granted and what is missing, although it could refresh", () =>
    Effect.gen(function* () {
      const { asked, authorizationServer, get, stored, windows } = yield* world
      assert.strictEqual(yield* get("/mcp"), 200)
      assert.strictEqual(yield* get("/write"), 200)
      assert.strictEqual(yield* get("/admin"), 200)
      assert.deepStrictEqual(asked(), ["mcp offline_access write", "admin mcp offline_access write"])
      assert.strictEqual(authorizationServer.refreshes(), 0)
      assert.strictEqual(authorizationServer.count("register"), 1)
      assert.strictEqual(windows(), 2)
      assert.deepStrictEqual(stored()?.tokens?.scope?.split(" ").sort(), ["admin", "mcp", "offline_access", "write"])
      for (const path of ["/mcp", "/write", "/admin"]) assert.strictEqual(yield* get(path), 200)
      assert.strictEqual(windows(), 2)
    }))

  it.scopedLive("asks once for many requests that need the same", () =>
    Effect.gen(function* () {
      const { get, windows } = yield* world
      const all = yield* Effect.all(Array.from({ length: 20 }, () => get("/write")), { concurrency: "unbounded" })
      assert.deepStrictEqual(all, Array(20).fill(200))
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("serves two requests at once that need different scopes, the second with the union", () =>
    Effect.gen(function* () {
      const { asked, get, windows } = yield* world
      const paths = Array.from({ length: 10 }, (_, index) => index % 2 === 0 ? "/write" : "/admin")
      const all = yield* Effect.all(paths.map(get), { concurrency: "unbounded" })
      assert.deepStrictEqual(all, Array(10).fill(200))
      assert.strictEqual(windows(), 2)
      assert.strictEqual(asked()[1], "admin mcp offline_access write")
    }))

  it.scopedLive("returns the 403 where the person was asked and it was not granted, and asks no more", () =>
    Effect.gen(function* () {
      const { asked, authorizationServer, get, oauth, server, windows } = yield* world
      authorizationServer.knobs.grantScopes = (scopes) => scopes.filter((scope) => scope !== "write")
      const response = yield* Effect.promise(() => oauth.fetch(`${server.origin}/write`))
      assert.strictEqual(response.status, 403)
      assert.strictEqual(yield* Effect.promise(() => response.text()), '{"error":"insufficient_scope"}')
      assert.strictEqual(windows(), 1)
      assert.strictEqual(yield* get("/write"), 403)
      assert.strictEqual(windows(), 1)
      // What was asked for before is asked for again with what is new.
      assert.strictEqual(yield* get("/admin"), 200)
      assert.strictEqual(asked()[1], "admin mcp offline_access write")
      assert.strictEqual(yield* get("/mcp"), 200)
      assert.strictEqual(windows(), 2)
    }))

  it.scopedLive("never opens more than three windows for one request", () =>
    Effect.gen(function* () {
      const { authorizationServer, get, server, windows } = yield* world
      let next = 0
      server.knobs.requiredScopes = ({ path }) => path === "/more" ? [`scope-${next++}`] : []
      assert.strictEqual(yield* get("/more"), 403)
      assert.strictEqual(windows(), 3)
      assert.strictEqual(authorizationServer.refreshes(), 0)
      assert.strictEqual(yield* get("/mcp"), 200)
      assert.strictEqual(windows(), 3)
    }))

  it.scopedLive("asks for the scope of the options again in a step-up", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server } = yield* McpHarness.world()
      server.knobs.requiredScopes = ({ path }) => path === "/write" ? ["write"] : []
      const { oauth } = yield* open({ scope: "profile" })
      assert.strictEqual(yield* call(oauth, `${server.origin}/write`), 200)
      const [first, second] = authorizationServer.requests.filter(({ endpoint }) => endpoint === "authorize")
        .map(({ params }) => params.get("scope")?.split(" ").sort().join(" "))
      assert.strictEqual(first, "offline_access profile")
      assert.strictEqual(second, "offline_access profile write")
    }))

  it.scopedLive("returns a 403 that is about something else, and one that names no scope", () =>
    Effect.gen(function* () {
      const { get, server, windows } = yield* world
      for (
        const challenge of [
          [],
          ['Bearer error="access_denied", scope="write"'],
          ['Bearer scope="write"'],
          ['Basic error="insufficient_scope", scope="write"'],
          ['Bearer error="insufficient_scope"']
        ]
      ) {
        server.knobs.challenge = () => challenge
        assert.strictEqual(yield* get("/write"), 403, String(challenge))
      }
      assert.strictEqual(windows(), 0)
    }))

  it.scopedLive("rejects when the person says no to more, and goes on with what there was", () =>
    Effect.gen(function* () {
      const { authorizationServer, get, oauth, stored, windows } = yield* world
      const before = stored()
      authorizationServer.knobs.authorize = { error: "access_denied" }
      assert.strictEqual(word(yield* get("/write")), "AuthorizationDenied")
      assert.strictEqual(yield* get("/mcp"), 200)
      assert.deepStrictEqual(stored()?.tokens, before?.tokens)
      assert.strictEqual(windows(), 1)
      authorizationServer.knobs.authorize = "approve"
      assert.deepInclude((yield* get("/write")) as object, { _tag: "InteractionRequired", reason: "Declined" })
      assert.strictEqual(windows(), 1)
      yield* oauth.ensure
      assert.strictEqual(yield* get("/write"), 200)
      assert.strictEqual(windows(), 2)
    }))

  it.scopedLive("lets requests that are served go on while a person is asked for more", () =>
    Effect.gen(function* () {
      const { answer, get, person, untilShown, windows } = yield* world
      person.mode = "waits"
      const more = yield* McpHarness.started(get("/write"))
      yield* untilShown(2)
      assert.strictEqual(yield* get("/mcp"), 200)
      yield* answer
      assert.strictEqual(yield* more, 200)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("asks once for two of one store and key that need the same", () =>
    Effect.gen(function* () {
      const { get, open, server, windows } = yield* world
      const other = yield* open()
      assert.strictEqual(yield* call(other.oauth, server.url), 200)
      assert.strictEqual(yield* get("/mcp"), 200)
      const both = [get("/write"), call(other.oauth, `${server.origin}/write`)]
      assert.deepStrictEqual(yield* Effect.all(both, { concurrency: "unbounded" }), [200, 200])
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("fails without a person, and says what would have to be granted", () =>
    Effect.gen(function* () {
      const { open, server, windows } = yield* world
      const { oauth } = yield* open({ interactive: false })
      const outcome = yield* call(oauth, `${server.origin}/write`)
      assert.deepInclude(outcome as object, { _tag: "InteractionRequired", reason: "InsufficientScope" })
      assert.sameMembers(String((outcome as { scope?: string }).scope).split(" "), ["mcp", "offline_access", "write"])
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(windows(), 0)
    }))
})
