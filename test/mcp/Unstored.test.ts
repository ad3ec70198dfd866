import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { type Credentials, CredentialStore } from "../../src/index.ts"
import type { McpOAuthOptions } from "../../src/mcp.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import * as SharedTexts from "../fixtures/SharedTexts.ts"

/** A process that was signed in, whose token has ended, and whose store does not take what comes of the refresh. */
const world = (faults: number, options: Partial<McpOAuthOptions> = {}) =>
  Effect.gen(function* () {
    const harness = yield* McpHarness.world()
    const shared = SharedTexts.make()
    const key = { serverUrl: harness.server.url }
    const process = (pid: number) =>
      Effect.gen(function* () {
        const store = shared.process(pid)
        const layer = Layer.merge(harness.layer, Layer.succeed(CredentialStore, store))
        const opened = yield* McpHarness.open({ layer }, { ...key, ...options })
        return { ...opened, store, call: McpHarness.call(opened.oauth, key.serverUrl) }
      })
    const one = yield* process(1)
    yield* one.oauth.ensure
    assert.strictEqual(yield* one.call, 200)
    const token = Effect.map(one.store.load(key), (stored) => McpHarness.accessTokenOf(Option.getOrUndefined(stored)))
    const before = yield* token
    harness.authorizationServer.expireAll()
    shared.fail(faults)
    assert.strictEqual(yield* one.call, 200)
    const told = () => harness.notices.filter(({ _tag }) => _tag === "TokensNotStored")
    return { ...harness, before, key, one, process, shared, told, token }
  })

const put = (store: CredentialStore, key: { readonly serverUrl: string }, value: Option.Option<Credentials>) =>
  store.modify(key, () => Effect.succeed([undefined, value] as const))

describe("tokens that could not be stored", () => {
  it.scopedLive("are used, told, and stored with the next call", () =>
    Effect.gen(function* () {
      const { authorizationServer, before, one, told, token, windows } = yield* world(1)
      assert.strictEqual(told().length, 1)
      assert.include(JSON.stringify(told()), "the disk is full")
      assert.strictEqual(yield* one.call, 200)
      assert.notStrictEqual(yield* token, before)
      assert.strictEqual(authorizationServer.refreshes(), 1)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("are stored when the program ends", () =>
    Effect.gen(function* () {
      // The refresh, and the first try after it, which is made at once.
      const { authorizationServer, before, one, process, token } = yield* world(2)
      assert.strictEqual(yield* token, before)
      yield* one.close
      assert.notStrictEqual(yield* token, before)
      const next = yield* process(2)
      assert.strictEqual(yield* next.call, 200)
      assert.strictEqual(authorizationServer.refreshes(), 1)
    }))

  it.scopedLive("are used, and told of once, as long as the store takes nothing", () =>
    Effect.gen(function* () {
      const { authorizationServer, one, told } = yield* world(1_000_000)
      for (let index = 0; index < 5; index++) assert.strictEqual(yield* one.call, 200)
      assert.strictEqual(told().length, 1)
      assert.strictEqual(authorizationServer.refreshes(), 1)
      yield* Effect.timeout(one.close, "1 second")
    }))

  it.scopedLive.each(["signed in", "signed out"])(
    "give way to those of a process that has %s meanwhile",
    (what) =>
      Effect.gen(function* () {
        const { key, one, process, shared } = yield* world(2)
        const other = yield* process(2)
        const theirs = what === "signed out" ? Option.none<Credentials>() : Option.some<Credentials>({
          issuer: "https://as.example",
          tokens: { accessToken: Redacted.make("theirs") }
        })
        yield* put(other.store, key, theirs)
        yield* one.close
        const stored = yield* other.store.load(key)
        assert.strictEqual(
          McpHarness.accessTokenOf(Option.getOrUndefined(stored)),
          McpHarness.accessTokenOf(Option.getOrUndefined(theirs))
        )
        assert.deepStrictEqual(shared.holders(), [])
      })
  )
})
