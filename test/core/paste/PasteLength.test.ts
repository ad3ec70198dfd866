import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { charactersIn } from "../../../src/core/paste/PasteLength.ts"

const letters = FastCheck.string({ unit: FastCheck.constantFrom(..."abcdefghijklmnopqrstuvwxyz0123456789-_.~%/?&:") })

/** The same text over lines, as a terminal or a mail program wraps it. */
const wrapped = (text: string, width: number, lineBreak: string) =>
  Array.from({ length: Math.ceil(text.length / width) }, (_, line) => text.slice(line * width, (line + 1) * width))
    .join(lineBreak)

describe("charactersIn", () => {
  it.each<[string, number]>([
    ["", 0],
    ["a", 1],
    ["a b", 3],
    ["a\nb", 2],
    ["a\r\nb\r", 2],
    ["\n\n\r\n", 0],
    ["tab\there", 8],
    ["é€", 2],
    ["x".repeat(16_384), 16_384]
  ])("counts %j", (text, count) => {
    assert.strictEqual(charactersIn(text), count)
  })

  it.prop(
    "counts a text the same however it is wrapped",
    [letters, FastCheck.integer({ min: 1, max: 80 }), FastCheck.constantFrom("\n", "\r", "\r\n")],
    ([text, width, lineBreak]) => {
      assert.strictEqual(charactersIn(wrapped(text, width, lineBreak)), text.length)
    }
  )
})
