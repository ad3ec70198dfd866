import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { onFirstUse } from "../../src/services/onFirstUse.ts"

describe("onFirstUse", () => {
  it.effect("loads nothing before it is used, and once after", () =>
    Effect.gen(function* () {
      let loads = 0
      const part = onFirstUse(Effect.sync(() => ++loads))
      assert.strictEqual(loads, 0)
      assert.strictEqual(yield* part, 1)
      assert.strictEqual(yield* part, 1)
    }))

  it.effect("gives everybody the same, also those who come while it is loaded", () =>
    Effect.gen(function* () {
      const part = onFirstUse(Effect.map(Effect.promise(() => Promise.resolve()), () => ({})))
      const all = yield* Effect.all(Array.from({ length: 10 }, () => part), { concurrency: "unbounded" })
      assert.strictEqual(new Set(all).size, 1)
      assert.strictEqual(yield* part, all[0])
    }))

  it.effect("tries again what failed, and knows what is undefined", () =>
    Effect.gen(function* () {
      let loads = 0
      const part = onFirstUse(Effect.suspend(() => ++loads === 1 ? Effect.fail("not yet") : Effect.succeed(undefined)))
      assert.strictEqual(yield* Effect.flip(part), "not yet")
      assert.isUndefined(yield* part)
      assert.isUndefined(yield* part)
      assert.strictEqual(loads, 2)
    }))
})
