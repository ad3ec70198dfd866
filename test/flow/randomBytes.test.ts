import { assert, describe, it } from "@effect/vitest"
import { randomBytes } from "../../src/flow/randomBytes.ts"

describe("randomBytes", () => {
  it("gives as many as were asked for, and never the same twice, over many fillings of its pool", () => {
    const seen = new Set<string>()
    for (let index = 0; index < 2000; index++) {
      const length = 16 + (index % 7) * 8
      const bytes = randomBytes(length)
      assert.strictEqual(bytes.length, length)
      seen.add(bytes.slice(0, 16).join())
    }
    assert.strictEqual(seen.size, 2000)
  })

  it("gives bytes of their own: to write into them changes no later ones", () => {
    const before = randomBytes(48)
    const after = randomBytes(48)
    const copy = after.slice()
    before.fill(0)
    assert.deepStrictEqual(after, copy)
  })

  it("has every value of a byte, about as often as any other", () => {
    const counts = new Uint32Array(256)
    for (let index = 0; index < 4000; index++) {
      for (const byte of randomBytes(64)) counts[byte] = (counts[byte] ?? 0) + 1
    }
    assert.isTrue(counts.every((count) => count > 700 && count < 1300), counts.join())
  })
})
