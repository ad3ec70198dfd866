import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import * as Generation from "../../../src/core/lease/Generation.ts"

const id = "0123456789abcdef"
const socket = fc.oneof(
  fc.stringMatching(/^[\da-f]{8}-[\da-f]{12}$/).map((name) => `${name}.s`),
  fc.stringMatching(/^\/[\w/.-]{0,80}$/)
)
const holder = fc.record({
  pid: fc.option(fc.integer({ min: 1 }), { nil: undefined }),
  socket,
  host: fc.option(fc.string(), { nil: undefined })
})

describe("a generation file", () => {
  it.prop("is read as it was written", [holder], ([holder]) => {
    assert.deepStrictEqual(Generation.decode(Generation.encode(holder)), { _tag: "Held", holder })
  })

  it.prop("that is cut anywhere is empty or damaged, and is never held", [holder, fc.nat(500)], ([holder, at]) => {
    const text = Generation.encode(holder)
    const length = at % text.length
    assert.strictEqual(Generation.decode(text.slice(0, length))._tag, length === 0 ? "Empty" : "Damaged")
  })

  it.prop("of any content is read without an exception", [fc.oneof(fc.string(), fc.json())], ([text]) => {
    assert.include(["Empty", "Damaged", "Held"], Generation.decode(text)._tag)
  })

  it("of a later version says where its holder listens", () => {
    const text = JSON.stringify({ v: 7, socket: "ab-cd.s", pid: 3, host: "h", more: [] })
    assert.deepStrictEqual(Generation.decode(text), {
      _tag: "Held",
      holder: { pid: 3, socket: "ab-cd.s", host: "h" }
    })
  })

  it("is read up to its greatest length", () => {
    const textOf = (length: number) => JSON.stringify({ v: 1, socket: `/${"a".repeat(length)}` })
    const room = Generation.maxContent - textOf(0).length
    assert.strictEqual(Generation.decode(textOf(room))._tag, "Held")
    assert.strictEqual(Generation.decode(textOf(room + 1))._tag, "Damaged")
  })

  it("is read without a process or a host that are none", () => {
    for (const pid of [0, -1, 1.5, "1", null]) {
      assert.deepStrictEqual(Generation.decode(JSON.stringify({ v: 1, socket: "/a", pid, host: 1 })), {
        _tag: "Held",
        holder: { pid: undefined, socket: "/a", host: undefined }
      })
    }
  })

  it.each([
    ["{}"],
    ["null"],
    ["[]"],
    ['{"v":0,"socket":"a.s"}'],
    ['{"v":1}'],
    ['{"v":1,"socket":"../a.s"}'],
    ['{"v":1,"socket":"a/b.s"}'],
    ['{"v":1,"socket":"a.sx"}'],
    ['{"v":1,"socket":"/a\\u0000b"}'],
    ['{"v":1,"socket":"\\u0000abstract"}'],
    [JSON.stringify({ v: 1, socket: `/${"a".repeat(5000)}` })]
  ])("with %s is damaged", (text) => {
    assert.strictEqual(Generation.decode(text)._tag, "Damaged")
  })
})

describe("the names of a folder", () => {
  it.prop(
    "hold each generation of a lease and those of no other",
    [fc.uniqueArray(fc.integer({ min: 1 }))],
    ([all]) => {
      const names = all.flatMap((each) => [
        Generation.nameOf(id, each),
        Generation.nameOf("fedcba9876543210", each + 1),
        Generation.temporaryName(id, String(each)),
        `${id}.g0${each}`,
        `${id}.g${each}x`
      ])
      assert.deepStrictEqual(Generation.among(id, names), all)
      assert.strictEqual(Generation.highest(all), Math.max(0, ...all))
    }
  )

  it.prop(
    "lose no generation that is as high as the held one, or just below",
    [fc.uniqueArray(fc.nat(30)), fc.nat(30)],
    (
      [all, held]
    ) => {
      const gone = Generation.outdated(all, held)
      assert.isTrue(gone.every((each) => each < held - 2))
      assert.deepStrictEqual(all.filter((each) => each < held - 2), gone)
    }
  )

  it("hold no generation that another writer has numbered", () => {
    const numbers = ["", "0", "07", "-1", "1.5", "1e3", "1".repeat(16)]
    assert.deepStrictEqual(Generation.among(id, numbers.map((each) => `${id}.g${each}`)), [])
    assert.deepStrictEqual(Generation.among(id, [`${id}.g${"1".repeat(15)}`, `${id}.7`]), [111_111_111_111_111])
  })

  it("tell temporary files of one lease, and sockets of one host", () => {
    assert.isTrue(Generation.isTemporary(id, Generation.temporaryName(id, "ab")))
    assert.isFalse(Generation.isTemporary(id, Generation.temporaryName("f", "ab")))
    assert.isFalse(Generation.isTemporary(id, Generation.nameOf(id, 3)))
    assert.isTrue(Generation.isSocketOf("12ab", Generation.socketName("12ab", "cd")))
    assert.isFalse(Generation.isSocketOf("12ab", Generation.socketName("12ac", "cd")))
  })
})
