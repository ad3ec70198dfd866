/** Two set-ups of one server on one store, which differ in what makes another token: each has its own. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { McpOAuthOptions } from "../../src/mcp.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import { bearerOf } from "../fixtures/ProtectedServer.ts"

type Options = Partial<McpOAuthOptions>

const { call } = McpHarness

const audience = (value: string): Options => ({ authorizationParameters: { audience: value } })

const pairs: Readonly<Record<string, readonly [Options, Options]>> = {
  "audiences": [audience("https://api.example/a"), audience("https://api.example/b")],
  "exact scopes": [{ scope: { exactly: "mcp" } }, { scope: { exactly: "mcp files" } }],
  "parameters, one without any": [{}, { authorizationParameters: { organization: "x" } }],
  "accounts, of one audience": [{ ...audience("x"), account: "a" }, { ...audience("x"), account: "b" }]
}

describe("two set-ups of one server on one store with different", () => {
  for (const [what, [first, second]] of Object.entries(pairs)) {
    it.scopedLive(`${what}: each signs in, goes on after a restart, refreshes and signs out for itself`, () =>
      Effect.gen(function* () {
        const { authorizationServer, open, server, windows } = yield* McpHarness.world()
        const { url } = server
        /** A request, and the token that it went with. */
        const sent = (options: Options) =>
          Effect.scoped(Effect.gen(function* () {
            const { oauth } = yield* open(options)
            assert.strictEqual(yield* call(oauth, url), 200)
            const last = server.requests.at(-1)
            return last === undefined ? undefined : bearerOf(last)
          }))
        const tokens = [yield* sent(first), yield* sent(second)]
        assert.strictEqual(new Set(tokens).size, 2)
        assert.strictEqual(windows(), 2)
        assert.deepStrictEqual([yield* sent(second), yield* sent(first)], [tokens[1], tokens[0]])
        authorizationServer.expireAll()
        const renewed = [yield* sent(first), yield* sent(second)]
        assert.strictEqual(new Set([...tokens, ...renewed]).size, 4)
        assert.deepStrictEqual([windows(), authorizationServer.refreshes(), authorizationServer.reuses()], [2, 2, 0])
        yield* Effect.scoped(Effect.flatMap(open(first), ({ oauth }) => oauth.logout))
        assert.isUndefined(yield* Effect.promise(() => authorizationServer.verify(renewed[0] ?? "", url)))
        assert.strictEqual(yield* sent(second), renewed[1])
        assert.strictEqual(windows(), 2)
        const { oauth } = yield* open({ ...first, interactive: false })
        assert.isFalse((yield* oauth.status).isSignedIn)
        assert.deepInclude((yield* call(oauth, url)) as object, { _tag: "InteractionRequired", reason: "NotSignedIn" })
      }))
  }

  it.scopedLive("manners share one sign-in: how a person is asked makes no other token", () =>
    Effect.gen(function* () {
      const { open, server, windows } = yield* McpHarness.world()
      for (const name of ["login_hint", "prompt", "access_type", "domain_hint"]) {
        const { oauth } = yield* open({ authorizationParameters: { [name]: "x" } })
        assert.strictEqual(yield* call(oauth, server.url), 200)
      }
      assert.strictEqual(windows(), 1)
    }))
})
