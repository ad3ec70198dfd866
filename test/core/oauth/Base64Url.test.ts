import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { Buffer } from "node:buffer"
import { base64url } from "../../../src/core/oauth/Base64Url.ts"

describe("base64url", () => {
  // RFC 4648 section 10, in the alphabet of section 5 and without padding.
  it.each([
    ["", ""],
    ["f", "Zg"],
    ["fo", "Zm8"],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg"],
    ["fooba", "Zm9vYmE"],
    ["foobar", "Zm9vYmFy"]
  ])("writes %j as %j", (text, expected) => {
    assert.strictEqual(base64url(new TextEncoder().encode(text)), expected)
  })

  it("uses - and _ where plain base64 has + and /", () => {
    assert.strictEqual(base64url(Uint8Array.of(0xfb, 0xff, 0xbf)), "-_-_")
  })

  it.prop("writes any bytes as the runtime does", [FastCheck.uint8Array({ maxLength: 300 })], ([bytes]) => {
    assert.strictEqual(base64url(bytes), Buffer.from(bytes).toString("base64url"))
  }, { fastCheck: { numRuns: 300 } })

  it.prop("reads only the part of a buffer it is given", [FastCheck.uint8Array({ minLength: 2 })], ([bytes]) => {
    const view = new Uint8Array(bytes.buffer, bytes.byteOffset + 1, bytes.length - 1)
    assert.strictEqual(base64url(view), Buffer.from(bytes.slice(1)).toString("base64url"))
  })
})
