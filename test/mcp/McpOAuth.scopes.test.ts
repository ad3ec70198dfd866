/** Which scopes a sign-in asks for after there were step-ups: no less than before, and again what was lost. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as McpHarness from "../fixtures/McpHarness.ts"

const { call } = McpHarness

/** Nobody is signed in; `/write`, `/a` to `/e` need a scope of that name, everything else `mcp`. */
const world = Effect.gen(function* () {
  const harness = yield* McpHarness.world()
  const { authorizationServer, server } = harness
  server.knobs.requiredScopes = ({ path }) => /^\/(write|[a-e])$/.test(path) ? [path.slice(1)] : ["mcp"]
  const { oauth } = yield* harness.open()
  /** The scopes of the last authorization request, sorted. */
  const asked = () =>
    authorizationServer.requests.filter(({ endpoint }) => endpoint === "authorize").at(-1)?.params.get("scope")
      ?.split(" ").sort().join(" ")
  return { ...harness, asked, get: (path: string) => call(oauth, `${server.origin}${path}`), oauth }
})

describe("McpOAuth, after a step-up", () => {
  it.scopedLive("serves five requests at once that each need another scope, with two windows", () =>
    Effect.gen(function* () {
      const { get, windows } = yield* world
      assert.strictEqual(yield* get("/mcp"), 200)
      const all = yield* Effect.all(["/a", "/b", "/c", "/d", "/e"].map(get), { concurrency: "unbounded" })
      assert.deepStrictEqual(all, Array(5).fill(200))
      assert.isAtMost(windows(), 3)
    }))

  it.scopedLive("asks for what the person did not grant at first, when something needs it", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, windows } = yield* world
      authorizationServer.knobs.grantScopes = (scopes) => scopes.filter((scope) => scope !== "write")
      const { oauth } = yield* open({ scope: "mcp write" })
      yield* oauth.ensure
      authorizationServer.knobs.grantScopes = (scopes) => scopes
      assert.strictEqual(yield* call(oauth, `${server.origin}/write`), 200)
      assert.strictEqual(windows(), 2)
    }))

  it.scopedLive("asks for all of it again when everything was revoked", () =>
    Effect.gen(function* () {
      const { asked, authorizationServer, get, windows } = yield* world
      assert.strictEqual(yield* get("/write"), 200)
      authorizationServer.revokeAll()
      assert.strictEqual(yield* get("/mcp"), 200)
      assert.strictEqual(asked(), "mcp offline_access write")
      const before = windows()
      assert.strictEqual(yield* get("/write"), 200)
      assert.strictEqual(windows(), before)
    }))

  it.scopedLive("asks once more for a scope that helped and was lost since", () =>
    Effect.gen(function* () {
      const { get, oauth, server, store, windows } = yield* world
      assert.strictEqual(yield* get("/write"), 200)
      assert.strictEqual(windows(), 2)
      // The server lets it pass no longer, and then does again after another consent.
      let refused = 1
      server.knobs.requiredScopes = ({ path }) => path === "/write" && refused-- > 0 ? ["write", "elevated"] : []
      assert.strictEqual(yield* get("/write"), 200)
      assert.strictEqual(windows(), 3)
      assert.isTrue((yield* oauth.status).isSignedIn)
      assert.isDefined(store.peek(server.url))
    }))

  it.scopedLive("has login ask for no less than what there is", () =>
    Effect.gen(function* () {
      const { asked, get, oauth, windows } = yield* world
      assert.strictEqual(yield* get("/mcp"), 200)
      assert.strictEqual(yield* get("/write"), 200)
      yield* oauth.login
      assert.strictEqual(asked(), "mcp offline_access write")
      const before = windows()
      assert.strictEqual(yield* get("/mcp"), 200)
      assert.strictEqual(yield* get("/write"), 200)
      assert.strictEqual(windows(), before)
    }))

  it.scopedLive("has the answer posted where the callback wants it so", () =>
    Effect.gen(function* () {
      const { authorizationServer, open } = yield* world
      const { oauth } = yield* open({ callback: { responseMode: "form_post" } })
      yield* oauth.ensure
      const [request] = authorizationServer.requests.filter(({ endpoint }) => endpoint === "authorize")
      assert.strictEqual(request?.params.get("response_mode"), "form_post")
    }))
})
