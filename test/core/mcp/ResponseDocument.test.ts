import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import * as ResponseDocument from "../../../src/core/mcp/ResponseDocument.ts"

describe("JSON", () => {
  it.each<[string, string, unknown]>([
    ["an object", '{"a":1}', { a: 1 }],
    ["an object with null for what is absent", '{"a":null}', { a: null }],
    ["nothing", "", undefined],
    ["a page", "<html>", undefined],
    ["a list", "[1]", undefined],
    ["a text", '"a"', undefined],
    ["null", "null", undefined],
    ["half an object", '{"a":', undefined],
    ["a form", "access_token=a", undefined]
  ])("is read from %s", (_name, text, document) => {
    assert.deepStrictEqual<unknown>(ResponseDocument.ofJson(text), document === undefined ? {} : { document })
  })

  const nested = (depth: number) => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)},"b":"]]{[\\"[["}`

  it("is read up to a hundred levels, and not beyond, whatever it is nested in", () => {
    assert.containsAllKeys(ResponseDocument.ofJson(nested(100)).document ?? {}, ["a", "b"])
    const signs = [["[", "]"], ['{"a":', "}"], ['[{"a":[', "]}]"]] as const
    const deep = signs.map(([open, close]) => `{"a":${open.repeat(30_000)}1${close.repeat(30_000)}}`)
    for (const text of [nested(101), ...deep, "[".repeat(300_000), '{"a":'.repeat(150_000)]) {
      assert.deepStrictEqual(ResponseDocument.ofJson(text), { isTooDeep: true })
      assert.deepStrictEqual(ResponseDocument.ofJsonOrForm(text), { isTooDeep: true })
    }
  })
})

describe("how deep JSON is nested", () => {
  it.each<[string, string]>([
    ["lists beside each other", `{"a":[${"[],".repeat(200)}1]}`],
    ["objects beside each other", `{"a":[${"{},".repeat(200)}1]}`],
    ["brackets in a text", `{"a":"${"[{".repeat(200)}"}`],
    ["brackets behind an escaped quote", `{"a":"\\"${"[{".repeat(200)}"}`]
  ])("is not told by %s", (_name, text) => {
    assert.property(ResponseDocument.ofJson(text).document, "a")
  })

  it("is told behind a text that ends with a backslash", () => {
    const text = `{"a":"\\\\","b":${"[".repeat(100)}${"]".repeat(100)}}`
    assert.doesNotThrow(() => JSON.parse(text))
    assert.deepStrictEqual(ResponseDocument.ofJson(text), { isTooDeep: true })
  })
})

describe("a form", () => {
  it.each<[string, string, unknown]>([
    ["tokens", "access_token=a%20b&token_type=bearer&scope=x%2Cy", {
      access_token: "a b",
      token_type: "bearer",
      scope: "x,y"
    }],
    ["an error", "error=bad_code&error_description=no+way", { error: "bad_code", error_description: "no way" }],
    ["tokens with a line at the end", "access_token=a\n", { access_token: "a" }],
    ["the first of several", "access_token=a&access_token=b", { access_token: "a" }],
    ["JSON all the same", '{"access_token":"a"}', { access_token: "a" }],
    ["nothing of a page", "<a href='?error=1'>", undefined],
    ["nothing of another text", "a=b", undefined],
    ["nothing of a sentence", "see &error=1", undefined],
    ["nothing of words", "error: access_token=", undefined]
  ])("is read: %s", (_name, text, document) => {
    assert.deepStrictEqual<unknown>(ResponseDocument.ofJsonOrForm(text), document === undefined ? {} : { document })
  })

  it("is what was sent, whatever it holds, and nothing throws", () => {
    fc.assert(fc.property(fc.string(), fc.string(), fc.string(), (token, scope, any) => {
      const form = new URLSearchParams({ access_token: token, scope }).toString()
      assert.deepStrictEqual<unknown>(ResponseDocument.ofJsonOrForm(form).document, { access_token: token, scope })
      ResponseDocument.ofJsonOrForm(any)
    }))
  })
})
