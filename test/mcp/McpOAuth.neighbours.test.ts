/** Several protected resources of one authorization server, in one store: what happens to one is not the others' matter. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as McpHarness from "../fixtures/McpHarness.ts"
import * as ProtectedServer from "../fixtures/ProtectedServer.ts"

const { accessTokenOf, call, secretsOf, word } = McpHarness

/** Two servers of one authorization server, signed in to. */
const two = Effect.gen(function* () {
  const world = yield* McpHarness.world()
  const { authorizationServer, store } = world
  const other = yield* ProtectedServer.make({ authorizationServer })
  yield* world.signedIn
  const { oauth } = yield* world.open({ serverUrl: other.url })
  assert.strictEqual(yield* call(oauth, other.url), 200)
  return { ...world, other, oauth, storedOther: () => store.peek(other.url) }
})

it.scopedLive("each has its own registration and tokens, also when the other's are refreshed and ended", () =>
  Effect.gen(function* () {
    const { authorizationServer, oauth, open, other, server, stored, storedOther, windows } = yield* two
    assert.notStrictEqual(stored()?.client?.clientId, storedOther()?.client?.clientId)
    assert.notStrictEqual(accessTokenOf(stored()), accessTokenOf(storedOther()))
    assert.strictEqual(stored()?.issuer, storedOther()?.issuer)
    const before = storedOther()
    authorizationServer.fail("token", { error: "invalid_client" }, { times: 2, grantType: "refresh_token" })
    authorizationServer.expireAll()
    const { oauth: mine } = yield* open()
    assert.strictEqual(yield* call(mine, server.url), 200)
    assert.strictEqual(windows(), 3)
    assert.deepStrictEqual(secretsOf(storedOther()), secretsOf(before))
    assert.strictEqual(yield* call(oauth, other.url), 200)
    yield* mine.logout
    assert.isUndefined(stored())
    assert.strictEqual(yield* call(oauth, other.url), 200)
    assert.strictEqual(windows(), 3)
  }))

it.scopedLive("a person who says no to one is asked for the other", () =>
  Effect.gen(function* () {
    const { authorizationServer, open, other, oauth, server, windows } = yield* two
    authorizationServer.revokeAll()
    authorizationServer.knobs.authorize = { error: "access_denied" }
    const { oauth: mine } = yield* open()
    assert.strictEqual(word(yield* call(mine, server.url)), "AuthorizationDenied")
    authorizationServer.knobs.authorize = "approve"
    assert.strictEqual(yield* call(oauth, other.url), 200)
    assert.strictEqual(word(yield* call(mine, server.url)), "InteractionRequired")
    assert.strictEqual(windows(), 4)
  }))
