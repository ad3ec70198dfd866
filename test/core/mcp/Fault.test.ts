import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { inspect } from "node:util"
import * as Fault from "../../../src/core/mcp/Fault.ts"

const url = "https://as.example/token"

const answered = (status: number, document?: object): Fault.Outcome => ({
  _tag: "Answered",
  url,
  status,
  ...(document !== undefined && { document: document as Record<string, unknown> })
})

/** A fault as a table can say it. */
const summary = ({ description, error, reason, status }: Fault.Fault): ReadonlyArray<unknown> =>
  [reason, status, error, description].filter((each) => each !== undefined)

describe("of", () => {
  it.each<[string, Fault.Outcome, ReadonlyArray<unknown>]>([
    ["a request that took too long", { _tag: "TimedOut", url }, ["TimedOut"]],
    ["a request that failed", { _tag: "Failed", url, error: new Error("no") }, ["Unreachable"]],
    ["an error", answered(400, { error: "invalid_grant" }), ["Rejected", 400, "invalid_grant"]],
    ["an error with words", answered(401, { error: "a", error_description: "b" }), ["Rejected", 401, "a", "b"]],
    ["an error in a 200, as GitHub writes it", answered(200, { error: "bad_code" }), ["Rejected", 200, "bad_code"]],
    ["words without an error", answered(400, { error_description: "b" }), ["Rejected", 400]],
    ["a refusal without a document", answered(403), ["Rejected", 403]],
    ["an error that is no text", answered(400, { error: { code: 1 } }), ["Rejected", 400]],
    ["an empty error", answered(400, { error: " \u0000" }), ["Rejected", 400]],
    ["an endless error", answered(400, { error: "x".repeat(10_001) }), ["Rejected", 400]],
    ["an internal error", answered(500, { error: "server_error" }), ["ServerError", 500, "server_error"]],
    ["an internal error whose words nobody needs", answered(500, { error: "a", error_description: "b" }), [
      "ServerError",
      500,
      "a"
    ]],
    ["a gateway without its server", answered(502), ["ServerError", 502]],
    ["a request that took too long", answered(408), ["ServerError", 408]],
    ["too many requests, with an error too", answered(429, { error: "slow_down" }), ["ServerError", 429, "slow_down"]],
    ["a success that says nothing of use", answered(200, {}), ["InvalidResponse", 200]],
    ["a success without a document", answered(204), ["InvalidResponse", 204]],
    ["a redirect", answered(302), ["InvalidResponse", 302]],
    ["a 499", answered(499), ["Rejected", 499]],
    ["a field of JavaScript's own", answered(400, JSON.parse('{"__proto__":{"error":"x"}}')), ["Rejected", 400]]
  ])("reads %s", (_name, outcome, expected) => {
    assert.deepStrictEqual(summary(Fault.of(outcome)), expected)
  })

  it("tells why there was no response, without what was sent", () => {
    const error = new TypeError("fetch failed", {
      cause: Object.assign(new Error("sent abcdefgh"), { code: "ECONNRESET" })
    })
    const fault = Fault.of({ _tag: "Failed", url, error }, ["abcdefgh"])
    assert.include(fault, { reason: "Unreachable", code: "ECONNRESET" })
    assert.include(inspect(fault), "sent ***")
    assert.notInclude(inspect(fault), "abcdefgh")
  })

  it("takes a proxy's refusal for no response of the server", () => {
    assert.deepStrictEqual(summary(Fault.of(answered(407))), ["Unreachable", 407])
  })

  it("tells a web page from an answer", () => {
    for (const status of [200, 403, 503]) {
      assert.isTrue(Fault.of({ _tag: "Answered", url, status, isWebPage: true }).isWebPage)
      assert.notProperty(Fault.of(answered(status)), "isWebPage")
    }
    assert.isTrue(Fault.isWebPage("text/html; charset=utf-8", ""))
    assert.isTrue(Fault.isWebPage(null, "\n <!DOCTYPE html><p>Sign in to the network"))
    assert.isTrue(Fault.isWebPage("application/json", "<html>"))
    assert.isFalse(Fault.isWebPage("application/json", "{}"))
    assert.isFalse(Fault.isWebPage(null, "<?xml version='1.0'?>"))
  })

  it.each<[boolean, string | null, string]>([
    [true, " \tTEXT/HTML;charset=utf-8", ""],
    [true, "application/xhtml+xml", ""],
    [false, "text/htmlx", ""],
    [false, "x-text/html", ""],
    [true, null, "\ufeff <HTML lang='en'>"],
    [true, null, "<!doctype  html>"],
    [false, null, "<htmlx>"],
    [false, null, "see <html>"],
    [false, null, `${" ".repeat(101)}<html>`]
  ])("a web page: %s, of type %j that begins %j", (expected, type, text) => {
    assert.strictEqual(Fault.isWebPage(type, text), expected)
  })

  it("tells when a busy server wants to be asked again, where it said so", () => {
    assert.strictEqual(Fault.of({ _tag: "Answered", url, status: 503, retryAfter: 5 }).retryAfter, 5)
    assert.notProperty(Fault.of(answered(503)), "retryAfter")
    assert.notProperty(Fault.of({ _tag: "Answered", url, status: 403, retryAfter: 5 }), "retryAfter")
  })

  it("reads words of ten thousand letters, and none of more", () => {
    assert.match(Fault.of(answered(400, { error: "x".repeat(10_000) })).error ?? "", /^x{99}…$/)
  })

  it("makes printable and short what the server wrote", () => {
    const { description, error } = Fault.of(answered(400, {
      error: `a\u001b[31m\r\nb${"c".repeat(200)}`,
      error_description: `d\u202ee ${"f".repeat(1000)}`
    }))
    assert.match(error ?? "", /^a \[31m bc+…$/)
    assert.match(description ?? "", /^d e f+…$/)
    assert.isAtMost(error?.length ?? 0, 100)
    assert.isAtMost(description?.length ?? 0, 500)
  })

  it("cuts out what was sent, however it is spelled", () => {
    const secret = "p(ss) w!rd+/ü="
    const spellings = [
      secret,
      encodeURIComponent(secret),
      encodeURIComponent(secret).replace(/%../g, (escape) => escape.toLowerCase()),
      new URLSearchParams([["", secret]]).toString().slice(1)
    ]
    for (const spelling of spellings) {
      for (const name of ["error", "error_description"]) {
        const document = { error: "a", [name]: `no: ${spelling}, sorry, ${spelling}` }
        const fault = Fault.of(answered(400, document), [undefined, secret])
        assert.include(JSON.stringify(fault), "no: ***, sorry, ***")
        assert.notInclude(JSON.stringify(fault), spelling)
      }
    }
  })

  it("cuts it out before it cuts the text, so that no half of it is left", () => {
    const secret = "s3cr3t".repeat(10)
    for (let length = 0; length < 120; length++) {
      const { error } = Fault.of(answered(400, { error: "x".repeat(length) + secret }), [secret])
      assert.notInclude(error, "s3cr")
    }
  })

  it("cuts out the longer of two secrets that begin the same, whatever their order", () => {
    for (const secrets of [["abcd", "abcdefgh"], ["abcdefgh", "abcd"]]) {
      assert.strictEqual(Fault.of(answered(400, { error: "not abcdefgh" }), secrets).error, "not ***")
    }
  })

  it("takes no short text for a secret, and no half letter for a fault", () => {
    assert.strictEqual(
      Fault.of(answered(400, { error: "invalid_grant" }), ["", "inv", undefined]).error,
      "invalid_grant"
    )
    assert.strictEqual(Fault.of(answered(400, { error: "x" }), ["\ud800abcd"]).error, "x")
  })

  it.prop("never throws, and shows no secret, whatever the server answers", [
    FastCheck.oneof(
      FastCheck.integer({ min: 100, max: 599 }),
      FastCheck.constantFrom(200, 400, 401, 407, 408, 425, 429, 500)
    ),
    FastCheck.stringMatching(/^[A-Za-z0-9!'()*~ %+/=&-]{4,20}$/).filter((text) => text.trim().length >= 4),
    FastCheck.string({ unit: "binary", maxLength: 30 }),
    FastCheck.jsonValue()
  ], ([status, secret, text, json]) => {
    const document = { error: `${text}${secret}${text}`, error_description: secret, x: json }
    const fault = Fault.of(answered(status, document), [secret])
    for (const each of [fault.error ?? "", fault.description ?? ""]) {
      // Cut out, unless stars are what it is made of.
      if (!"***".includes(secret) && !text.includes(secret.slice(0, 2))) assert.notInclude(each, secret)
      assert.notMatch(each, /\p{Cc}/u)
    }
    assert.strictEqual(fault.status, status)
    const isRetriable = status >= 500 || [408, 425, 429].includes(status)
    assert.strictEqual(fault.reason === "ServerError", isRetriable)
  }, { fastCheck: { numRuns: 400 } })
})

describe("documentOf", () => {
  it("is the document of a success, and of nothing else", () => {
    const document = { access_token: "a" }
    assert.deepStrictEqual([200, 299].map((status) => Fault.documentOf(answered(status, document))), [
      document,
      document
    ])
    for (const outcome of [answered(300, document), answered(400, document), answered(204)]) {
      assert.isUndefined(Fault.documentOf(outcome))
    }
    // However it came to have one.
    for (const _tag of ["Failed", "TimedOut"] as const) {
      const outcome = { ...answered(200, document), _tag, error: undefined }
      assert.isUndefined(Fault.documentOf(outcome as Fault.Outcome))
    }
  })
})
