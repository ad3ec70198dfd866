import { assert, describe, it } from "@effect/vitest"
import { isShared, variantOf } from "../../../src/core/mcp/SharedKey.ts"

const serverUrl = "https://mcp.example/mcp"

describe("the key of a registration that people share", () => {
  it("is the same text in each version, since a registration is stored under it", () => {
    assert.strictEqual(variantOf("https://app.example/cb"), "=hosted&redirect_uri=https%3A%2F%2Fapp.example%2Fcb")
  })

  it.each<[string, { readonly account?: string; readonly variant?: string }, boolean]>([
    ["one that was made for it", { variant: variantOf("https://app.example/cb") }, true],
    ["one with an empty account", { account: "", variant: variantOf("https://app.example/cb") }, true],
    ["one of an account", { account: "me", variant: variantOf("https://app.example/cb") }, false],
    ["one without a variant", {}, false],
    ["one of an audience", { variant: "audience=hosted" }, false],
    ["one of another authorization server", { variant: "=https%3A%2F%2Fas.example%2F" }, false]
  ])("is told from others: %s", (_name, fields, expected) => {
    assert.strictEqual(isShared({ serverUrl, ...fields }), expected)
  })
})
