import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { quoted } from "../../../src/core/text/quoted.ts"

describe("a value in a message", () => {
  const rows: ReadonlyArray<readonly [value: unknown, text: string]> = [
    ["/a b", '"/a b"'],
    ["a\u001b[2J", '"a [2J"'],
    [undefined, "undefined"],
    [null, "null"],
    [5, "5"],
    [10n, "10"],
    [true, "true"],
    [Symbol("s"), "a symbol"],
    [[10n], "a list"],
    [{ secret: 1 }, "an object"],
    [Object.create(null), "an object"],
    [() => "private", "a function"]
  ]
  for (const [value, text] of rows) {
    it(`is ${text}`, () => assert.strictEqual(quoted(value), text))
  }

  it.prop(
    "is short, whatever it is",
    [fc.anything({ withBigInt: true, withNullPrototype: true })],
    ([value]) => assert.isAtMost(quoted(value).length, 410)
  )
})
