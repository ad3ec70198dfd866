import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { cut, decode, encode, maxLine, type Rest } from "../../../src/core/lease/HolderLine.ts"

const line = fc.record({
  pid: fc.option(fc.integer({ min: 1 }), { nil: undefined }),
  told: fc.option(fc.string(), { nil: undefined })
})

/** The lines of a text that comes in pieces. */
const linesOf = (pieces: ReadonlyArray<string>) => {
  let rest: Rest = ""
  return pieces.flatMap((piece) => {
    const [lines, next] = cut(rest, piece)
    rest = next
    return lines
  })
}

describe("what a holder says", () => {
  it.prop("is read as it was said, however it is cut on its way", [fc.array(line), fc.integer({ min: 1, max: 40 })], (
    [said, size]
  ) => {
    const text = said.map((each) => encode(each)).join("")
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? []
    assert.deepStrictEqual(linesOf(pieces).map(decode), said)
  })

  it("is not said where it would be too long", () => {
    assert.isUndefined(encode({ pid: 1, told: "x".repeat(maxLine) }))
    assert.isUndefined(encode({ pid: 1, told: "\0".repeat(20_000) }))
    const room = maxLine - JSON.stringify({ v: 1, pid: 1, told: "" }).length
    assert.strictEqual(encode({ pid: 1, told: "x".repeat(room) })?.length, maxLine + 1)
    assert.isUndefined(encode({ pid: 1, told: "x".repeat(room + 1) }))
  })

  it("is skipped where it is too long, and what follows is read", () => {
    const pieces = [...Array.from({ length: 9 }, () => "x".repeat(10_000)), 'x\n{"v":1,"pid":4}\n']
    assert.deepStrictEqual(linesOf(pieces).map(decode), [{ pid: 4, told: undefined }])
    const [whole, long] = ["x".repeat(maxLine), "x".repeat(maxLine + 1)]
    assert.deepStrictEqual(cut("", whole), [[], whole])
    assert.deepStrictEqual(cut("", long), [[], undefined])
    assert.deepStrictEqual(cut("", `${whole}\n${long}\nnext`), [[whole], "next"])
  })

  it("is read without a process or a text that are none", () => {
    for (const pid of [0, -1, 1.5, "1", null]) {
      assert.deepStrictEqual(decode(JSON.stringify({ v: 2, pid, told: 1 })), { pid: undefined, told: undefined })
    }
  })

  it.prop("is read without an exception whatever it is", [fc.oneof(fc.string(), fc.json())], ([text]) => {
    const read = decode(text)
    if (read !== undefined) assert.deepStrictEqual(Object.keys(read), ["pid", "told"])
  })

  it.each([["x"], ["null"], ["[]"], ["3"]])("that is %s is ignored", (text) => assert.isUndefined(decode(text)))
})
