import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { guardHeaders, text } from "../../../src/core/oauth/Answer.ts"

describe("text", () => {
  it("is plain text that is never stored, framed, sniffed or told on", () => {
    assert.deepStrictEqual(text(404, "Not here."), {
      status: 404,
      headers: {
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "cross-origin-opener-policy": "same-origin",
        "content-type": "text/plain; charset=utf-8",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'"
      },
      body: "Not here.\n"
    })
  })

  it("takes further headers", () => {
    assert.strictEqual(text(405, "No.", { allow: "GET" }).headers["allow"], "GET")
  })

  it.prop("keeps every guard, whatever it says", [FastCheck.integer({ min: 400, max: 599 }), FastCheck.string()], ([
    status,
    body
  ]) => {
    const answer = text(status, body, { allow: "GET, POST" })
    assert.strictEqual(answer.status, status)
    assert.strictEqual(answer.body, `${body}\n`)
    for (const [name, value] of Object.entries(guardHeaders)) assert.strictEqual(answer.headers[name], value)
    for (const name of Object.keys(answer.headers)) assert.strictEqual(name, name.toLowerCase())
  })

  it("sends a browser on with every guard", () => {
    const { headers } = text(303, "The answer has arrived.", { location: "/done/abc" })
    assert.deepStrictEqual(headers, { ...text(200, "").headers, location: "/done/abc" })
  })

  it("shows nothing, runs nothing and is framed by nobody", () => {
    const { "content-security-policy": policy = "" } = text(200, "<script>alert(1)</script>").headers
    assert.deepStrictEqual(policy.split("; "), ["default-src 'none'", "frame-ancestors 'none'"])
  })
})
