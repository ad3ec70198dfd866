import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as ScopeSet from "../../../src/core/mcp/ScopeSet.ts"

const scope = FastCheck.oneof(
  FastCheck.constantFrom("read", "write", "offline_access", "not_offline_access", "Read", "__proto__", "constructor"),
  FastCheck.stringMatching(/^[!#-[\]-~]{1,6}$/)
)
const space = FastCheck.constantFrom(" ", "  ", "\t", "\n", "\r\n", " \t ")

/** Scopes as a server may write them: with any white space between and around. */
const text = FastCheck.array(FastCheck.tuple(scope, space), { maxLength: 6 }).chain((words) =>
  FastCheck.constantFrom("", " ", "\t").map((start) => start + words.map(([word, after]) => word + after).join(""))
)
const maybe = FastCheck.option(text, { nil: undefined })

describe("parse", () => {
  it.each<[string, string | undefined, ReadonlyArray<string>]>([
    ["nothing", undefined, []],
    ["an empty text", "", []],
    ["white space", " \t\r\n ", []],
    ["one", "read", ["read"]],
    ["several, in their order", "write read admin", ["write", "read", "admin"]],
    ["one that comes again", "read write read", ["read", "write"]],
    ["two that differ in case only", "read Read", ["read", "Read"]],
    ["spaces around and between", "  read \t write\n", ["read", "write"]],
    ["URLs and other signs", "https://a.example/x.read openid:all a,b", [
      "https://a.example/x.read",
      "openid:all",
      "a,b"
    ]],
    ["names of JavaScript's own", "__proto__ constructor", ["__proto__", "constructor"]]
  ])("reads %s", (_name, scopes, expected) => {
    assert.deepStrictEqual(ScopeSet.parse(scopes), expected)
  })
})

describe("union", () => {
  it.each<[string, ReadonlyArray<string | undefined>, string | undefined]>([
    ["of nothing is undefined, so that no empty scope is sent", [], undefined],
    ["of texts without scopes is undefined", [undefined, "", "  "], undefined],
    ["of one is that one, with single spaces", [" read   write "], "read write"],
    ["keeps the first order", ["c a", "b a", "a d"], "c a b d"],
    ["leaves out what is undefined", ["a", undefined, "b"], "a b"],
    [
      "takes no part of a name for another",
      ["not_offline_access", "offline_access"],
      "not_offline_access offline_access"
    ],
    ["does not join the last of one text to the first of the next", ["a", "b"], "a b"]
  ])("%s", (_name, texts, expected) => {
    assert.strictEqual(ScopeSet.union(...texts), expected)
  })

  it.prop(
    "holds every scope of every text once, and no other",
    [FastCheck.array(maybe, { maxLength: 4 })],
    ([texts]) => {
      const union = ScopeSet.union(...texts)
      const all = texts.flatMap((each) => (each ?? "").split(/\s+/)).filter((each) => each !== "")
      assert.deepStrictEqual(union?.split(" ") ?? [], [...new Set(all)])
      assert.notStrictEqual(union, "")
    }
  )

  it.prop("is the same done twice, and in two steps", [maybe, maybe, maybe], ([a, b, c]) => {
    const union = ScopeSet.union(a, b, c)
    assert.strictEqual(ScopeSet.union(union, union), union)
    assert.strictEqual(ScopeSet.union(ScopeSet.union(a, b), c), union)
    assert.strictEqual(ScopeSet.union(a, ScopeSet.union(b, c)), union)
  })
})

describe("covers", () => {
  it.each<[string | undefined, string | undefined, boolean]>([
    [undefined, undefined, true],
    ["read", undefined, true],
    ["read", "", true],
    [undefined, " ", true],
    [undefined, "read", false],
    ["", "read", false],
    ["read", "read", true],
    ["read", "read read", true],
    ["write read", "read write", true],
    ["read", "read write", false],
    ["write", "read", false],
    ["read", "Read", false],
    ["reader", "read", false],
    ["not_offline_access", "offline_access", false],
    ["read write admin", "admin\tread", true]
  ])("%j covers %j: %s", (held, wanted, expected) => {
    assert.strictEqual(ScopeSet.covers(held, wanted), expected)
  })

  it.prop("a union covers its parts, and is covered only where it brings nothing new", [maybe, maybe], ([a, b]) => {
    const union = ScopeSet.union(a, b)
    assert.isTrue(ScopeSet.covers(union, a))
    assert.isTrue(ScopeSet.covers(union, b))
    assert.strictEqual(ScopeSet.covers(a, union), ScopeSet.covers(a, b))
    assert.strictEqual(
      ScopeSet.covers(a, b),
      ScopeSet.parse(union).length === ScopeSet.parse(a).length
    )
  })
})

describe("ofServer", () => {
  it.each<[string, ReadonlyArray<string | undefined>, string | undefined]>([
    ["of nothing is undefined", [undefined, "", " "], undefined],
    ["is a union", ["b a", " a  c"], "b a c"],
    ["leaves out what is no scope", ['a "b" c\\d \u001b[2J \u202ee ü f', "g\u200bh"], "a f"],
    ["leaves out all where none is one", ["\u001b[2J"], undefined],
    ["leaves out one that is too long, not those behind it", ["x".repeat(8000), "a"], "a"],
    ["keeps what just fits", ["x".repeat(7999)], "x".repeat(7999)]
  ])("%s", (_name, texts, expected) => {
    assert.strictEqual(ScopeSet.ofServer(...texts), expected)
  })

  it.prop(
    "is as a union, where all are scopes and they are few",
    [FastCheck.array(maybe, { maxLength: 4 })],
    ([texts]) => {
      assert.strictEqual(ScopeSet.ofServer(...texts), ScopeSet.union(...texts))
    }
  )

  it("has 8,000 letters at most, all of whole scopes", () => {
    const many = Array.from({ length: 5000 }, (_, number) => `scope-${number}`)
    const kept = ScopeSet.parse(ScopeSet.ofServer(many.join(" ")))
    assert.isAtMost(kept.join(" ").length, 8000)
    assert.deepStrictEqual(kept, many.slice(0, kept.length))
    assert.isAbove(kept.length, 600)
  })
})

describe("limited", () => {
  it.each<[string, string | undefined, string | undefined]>([
    ["nothing", undefined, undefined],
    ["an empty text", "", ""],
    ["what just fits as it is", `${"x".repeat(3997)}  y`, `${"x".repeat(3997)}  y`],
    ["what has room, without one that has none", `a ${"x".repeat(4000)} b`, "a b"],
    ["what has room, with the space behind each", `${"x".repeat(3997)}   yy z`, `${"x".repeat(3997)} z`],
    ["nothing of a single one that is too long", "x".repeat(4001), undefined]
  ])("keeps %s", (_name, text, expected) => {
    assert.strictEqual(ScopeSet.limited(text), expected)
  })
})

describe("withoutCommas", () => {
  it.each<[string, string, string]>([
    ["a list with commas alone", "read,write,admin", "read write admin"],
    ["a list with commas and spaces", "read, write,\tadmin", "read write admin"],
    ["a list that ends with a comma", "read, write,", "read write"],
    ["scopes with spaces", "read write", "read write"],
    ["one scope", "read", "read"],
    ["nothing", "", ""],
    ["scopes with commas in them, which a space parts", "a,b c", "a,b c"],
    ["the same with one comma at an end", "a, b c", "a, b c"]
  ])("reads %s", (_, text, expected) => {
    assert.strictEqual(ScopeSet.union(ScopeSet.withoutCommas(text)), expected === "" ? undefined : expected)
  })
})
