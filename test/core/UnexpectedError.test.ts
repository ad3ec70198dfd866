import { assert, describe, it } from "@effect/vitest"
import { InvalidOptions } from "../../src/core/InvalidOptions.ts"
import { tagged, UnexpectedError } from "../../src/core/UnexpectedError.ts"

describe("tagged", () => {
  it("is an error itself that has a tag", () => {
    for (const error of [new InvalidOptions({ option: "a", detail: "b" }), new UnexpectedError({ cause: 1 })]) {
      assert.strictEqual(tagged(error), error)
    }
  })

  it("is an error that stands for anything else, and quotes nothing of it", () => {
    const others = [
      new Error("s3cret"),
      Object.assign(new Error("s3cret"), { _tag: 1 }),
      { _tag: "s3cret" },
      "s3cret",
      null,
      undefined
    ]
    for (const cause of others) {
      const error = tagged(cause)
      assert.instanceOf(error, UnexpectedError)
      assert.strictEqual(error._tag, "UnexpectedError")
      assert.strictEqual(error.cause, cause)
      assert.strictEqual(
        error.message,
        "Something failed that should not: see `cause`, check what was passed, and report it if that is right"
      )
    }
  })
})
