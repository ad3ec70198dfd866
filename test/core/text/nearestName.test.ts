import { assert, describe, it } from "@effect/vitest"
import { nearestName } from "../../../src/core/text/nearestName.ts"

describe("nearestName", () => {
  const names = ["timeout", "serverUrl", "port"]

  it.each([
    ["timeout", "timeout"],
    ["TIMEOUT", "timeout"],
    ["timout", "timeout"],
    ["timeeout", "timeout"],
    ["timeuot", "timeout"],
    ["dimeout", "timeout"],
    ["timeou", "timeout"],
    ["imeout", "timeout"],
    ["serverurls", "serverUrl"],
    ["ports", "port"],
    ["pot", "port"],
    ["poxx", "port"]
  ])("of %s is %s, which is a few letters away", (name, nearest) => {
    assert.strictEqual(nearestName(name, names), nearest)
  })

  it.each(["", "tmeot!", "limout!", "timeout!!!", "po", "prt", "server", "xxxx", "constructor"])(
    "of %j is none where more letters differ, or too many of a short one",
    (name) => assert.isUndefined(nearestName(name, ["timeout", "serverUrl", "ports"]))
  )

  it("takes the one that is nearer, wherever it stands, and the first of two that are as near", () => {
    assert.strictEqual(nearestName("abcdex", ["abcdyy", "abcdef"]), "abcdef")
    assert.strictEqual(nearestName("abcdex", ["abcdef", "abcdyy"]), "abcdef")
    assert.strictEqual(nearestName("abcd", ["abcx", "abcy"]), "abcx")
    assert.strictEqual(nearestName("abcd", ["abxx", "abyy"]), "abxx")
    assert.isUndefined(nearestName("abc", []))
  })

  it("of a name that is longer than any is not looked for", () => {
    assert.strictEqual(nearestName("x".repeat(100), ["x".repeat(101)]), "x".repeat(101))
    assert.isUndefined(nearestName("x".repeat(101), ["x".repeat(101)]))
  })
})
