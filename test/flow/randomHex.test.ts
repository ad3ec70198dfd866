import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { randomHex } from "../../src/flow/randomHex.ts"

describe("randomHex", () => {
  it.effect("is two lower-case hexadecimal digits for each byte, and each digit varies in every place", () =>
    Effect.gen(function* () {
      const drawn = yield* Effect.all(Array.from({ length: 2000 }, () => randomHex(32)))
      for (const text of drawn) assert.match(text, /^[0-9a-f]{64}$/)
      // A digit is missed in one place once in 10^50 runs.
      for (let place = 0; place < 64; place++) assert.strictEqual(new Set(drawn.map((text) => text[place])).size, 16)
    }))
})
