import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { CredentialStore } from "../../src/index.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import * as SharedTexts from "../fixtures/SharedTexts.ts"

/** Two processes that were signed in, of which one has a store that is changed for the test. */
const world = (change: (store: CredentialStore) => CredentialStore) =>
  Effect.gen(function* () {
    const harness = yield* McpHarness.world()
    const shared = SharedTexts.make()
    const open = (store: CredentialStore) =>
      Effect.gen(function* () {
        const layer = Layer.merge(harness.layer, Layer.succeed(CredentialStore, store))
        const { oauth } = yield* McpHarness.open({ layer }, { serverUrl: harness.server.url })
        return { oauth, call: McpHarness.call(oauth, harness.server.url) }
      })
    const one = yield* open(change(shared.process(1)))
    const two = yield* open(shared.process(2))
    yield* one.oauth.ensure
    assert.strictEqual(yield* one.call, 200)
    return { ...harness, one, shared, two }
  })

const tokensSent = ({ server }: Effect.Effect.Success<ReturnType<typeof world>>): ReadonlyArray<unknown> =>
  server.requests.filter(({ endpoint }) => endpoint === "resource").map(({ headers }) => headers.authorization)

describe("a session", () => {
  it.scopedLive("sends the token of another process from its next request on", () =>
    Effect.gen(function* () {
      const here = yield* world((store) => store)
      const before = tokensSent(here).at(-1)
      yield* here.two.oauth.login
      assert.strictEqual(yield* here.one.call, 200)
      assert.notStrictEqual(tokensSent(here).at(-1), before)
    }))

  it.scopedLive("is held up once, and for a moment, by a store that is slow, and sees all the same what changed", () =>
    Effect.gen(function* () {
      let isSlow = false
      let loads = 0
      const here = yield* world((store) => ({
        ...store,
        load: (key) =>
          Effect.suspend(() => {
            loads++
            return isSlow ? Effect.delay(store.load(key), "600 millis") : store.load(key)
          })
      }))
      const before = tokensSent(here).at(-1)
      yield* here.two.oauth.login
      isSlow = true
      loads = 0
      for (let index = 0; index < 20; index++) assert.strictEqual(yield* here.one.call, 200)
      assert.isAtMost(loads, 2)
      yield* Effect.repeat(here.one.call, {
        until: () => tokensSent(here).at(-1) !== before,
        times: 10_000
      })
      assert.notStrictEqual(tokensSent(here).at(-1), before)
    }))

  it.scopedLive("asks a store that does not say whether it has changed no more than before", () =>
    Effect.gen(function* () {
      let loads = 0
      const here = yield* world(({ load, modify, list }) => ({
        list,
        modify,
        load: (key) => Effect.zipRight(Effect.sync(() => void loads++), load(key))
      }))
      const before = loads
      for (let index = 0; index < 5; index++) assert.strictEqual(yield* here.one.call, 200)
      assert.strictEqual(loads, before)
    }))

  it.scopedLive("goes on where a revision throws, or is no number", () =>
    Effect.gen(function* () {
      for (
        const revision of [
          () => {
            throw new Error("no revision")
          },
          () => NaN
        ]
      ) {
        let loads = 0
        const here = yield* world((store) => ({
          ...store,
          revision,
          load: (key) => Effect.zipRight(Effect.sync(() => void loads++), store.load(key))
        }))
        const before = loads
        for (let index = 0; index < 5; index++) assert.strictEqual(yield* here.one.call, 200)
        assert.strictEqual(loads, before)
      }
    }))
})
