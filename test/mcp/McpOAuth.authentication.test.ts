/** A server that wants the person to be authenticated in another way, or anew (RFC 9470). */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { Refused } from "../fixtures/ProtectedServer.ts"

const { call } = McpHarness

/** Somebody is signed in; the server takes tokens of those alone who were asked for `mfa`. Windows are counted from here. */
const world = Effect.gen(function* () {
  const harness = yield* McpHarness.world()
  yield* harness.signedIn
  const { authorizationServer, server } = harness
  const asked = () => authorizationServer.requests.filter(({ endpoint }) => endpoint === "authorize").slice(1)
  server.knobs.verify = (token, resource) =>
    asked().some(({ params }) => params.get("acr_values") === "mfa pwd")
      ? authorizationServer.verify(token, resource)
      : Promise.resolve(undefined)
  const wanted = ({ error, metadataUrl }: Refused, age: string | number) =>
    error === undefined
      ? `Bearer resource_metadata="${metadataUrl}"`
      : `Bearer error="insufficient_user_authentication", acr_values="mfa pwd", max_age="${age}", ` +
        `resource_metadata="${metadataUrl}"`
  server.knobs.challenge = (refused) => [wanted(refused, 300)]
  return { ...harness, asked, wanted, windows: () => harness.windows() - 1 }
})

describe("insufficient_user_authentication", () => {
  it.scopedLive("asks the person once for what the server wants, and refreshes nothing", () =>
    Effect.gen(function* () {
      const { asked, authorizationServer, open, server, windows } = yield* world
      const { oauth } = yield* open()
      const all = yield* Effect.all(Array.from({ length: 10 }, () => call(oauth, server.url)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(all, Array(10).fill(200))
      assert.deepStrictEqual(asked().map(({ params }) => [params.get("acr_values"), params.get("max_age")]), [[
        "mfa pwd",
        "300"
      ]])
      assert.include(asked()[0]?.params.get("scope"), "mcp")
      assert.deepStrictEqual([authorizationServer.count("token", "refresh_token"), windows()], [0, 1])
      // It was for those requests.
      yield* oauth.login
      assert.isFalse(asked()[1]?.params.has("acr_values"))
    }))

  it.scopedLive("that a sign-in does not help against opens no second window", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, windows } = yield* world
      server.knobs.verify = () => Promise.resolve(undefined)
      const { oauth } = yield* open()
      assert.strictEqual(yield* call(oauth, server.url), 401)
      assert.strictEqual(yield* call(oauth, server.url), 401)
      assert.deepStrictEqual([authorizationServer.count("token", "refresh_token"), windows()], [0, 1])
    }))

  it.scopedLive("of another kind each time is asked three times in all", () =>
    Effect.gen(function* () {
      const { open, server, wanted, windows } = yield* world
      server.knobs.verify = () => Promise.resolve(undefined)
      let age = 0
      server.knobs.challenge = (refused) => [wanted(refused, ++age)]
      const { oauth } = yield* open()
      for (let round = 0; round < 5; round++) assert.strictEqual(yield* call(oauth, server.url), 401)
      assert.strictEqual(windows(), 3)
    }))

  it.scopedLive("is InteractionRequired with its own reason, unattended", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server } = yield* world
      const { oauth } = yield* open({ interactive: false })
      const outcome = yield* call(oauth, server.url)
      assert.deepInclude(outcome as object, { _tag: "InteractionRequired", reason: "InsufficientAuthentication" })
      assert.strictEqual(authorizationServer.count("token", "refresh_token"), 0)
    }))
})
