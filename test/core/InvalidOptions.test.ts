import { assert, describe, it } from "@effect/vitest"
import { InvalidOptions } from "../../src/core/InvalidOptions.ts"

describe("InvalidOptions", () => {
  it("names the option, or all of them, and says what is wrong", () => {
    const one = new InvalidOptions({ option: "callback.timeout", detail: "it is no duration" })
    assert.strictEqual(one._tag, "InvalidOptions")
    assert.strictEqual(one.message, "Cannot use the option callback.timeout: it is no duration")
    const all = new InvalidOptions({ option: "options", detail: "they are no object" })
    assert.strictEqual(all.message, "Cannot use the options: they are no object")
  })
})
