/** A person who says no to more access, or who is away when it is wanted: one window, however many requests follow. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as McpHarness from "../fixtures/McpHarness.ts"

const { call } = McpHarness

const ways = {
  "says no": ["Declined", { error: "access_denied" }],
  "is away": ["TimedOut", "page"]
} as const

describe("a step-up whose person", () => {
  for (const [what, [reason, authorize]] of Object.entries(ways)) {
    it.scopedLive(`${what}: ten more requests open nothing, others go on, and the program can ask again`, () =>
      Effect.gen(function* () {
        const { authorizationServer, open, server, signedIn, windows } = yield* McpHarness.world()
        yield* signedIn
        server.knobs.requiredScopes = ({ path }) => path === "/write" ? ["write"] : []
        const { oauth } = yield* open({ callback: { timeout: "400 millis" } })
        authorizationServer.knobs.authorize = authorize
        const write = call(oauth, `${server.origin}/write`)
        assert.include(["AuthorizationDenied", "AuthorizationTimeout"], McpHarness.word(yield* write))
        for (let round = 0; round < 10; round++) {
          assert.deepInclude((yield* write) as object, { _tag: "InteractionRequired", reason })
          assert.strictEqual(yield* call(oauth, server.url), 200)
        }
        assert.strictEqual(windows(), 2)
        authorizationServer.knobs.authorize = "approve"
        yield* oauth.login
        assert.strictEqual(yield* write, 200)
        assert.isAtMost(windows(), 4)
      }))
  }
})

describe("a server that wants a token for its tools alone", () => {
  /** A `fetch` for which everything else is answered without one. */
  const open = (url: string | URL, init?: RequestInit) =>
    new URL(url).pathname === "/mcp" && !String(init?.body).includes("tools/call")
      ? Promise.resolve(Response.json({ jsonrpc: "2.0", id: 1, result: {} }))
      : fetch(url, init)
  const request = (method: string): RequestInit => ({
    method: "POST",
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method })
  })

  it.scopedLive("is asked for nothing before, and a person signs in at the first call, once for all", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const { oauth } = yield* world.open({ fetch: open })
      yield* oauth.ensure
      assert.strictEqual(yield* call(oauth, world.server.url, request("initialize")), 200)
      assert.strictEqual(world.windows(), 0)
      const calls = yield* Effect.all(
        Array.from({ length: 5 }, () => call(oauth, world.server.url, request("tools/call"))),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(calls.map(McpHarness.word), Array(5).fill(200))
      assert.strictEqual(world.windows(), 1)
    }))
})
