import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import type { Credentials } from "../../../src/core/mcp/Credentials.ts"
import * as Fault from "../../../src/core/mcp/Fault.ts"
import * as RefreshRefusal from "../../../src/core/mcp/RefreshRefusal.ts"
import { TokenError } from "../../../src/core/mcp/SignInError.ts"

const now = 1_700_000_000_000
const url = "https://as.example/token"

/** The error of a refresh that is answered so. */
const answered = (status: number, document?: Readonly<Record<string, unknown>>) => {
  const outcome = { _tag: "Answered", url, status, ...(document && { document }) } as const
  return new TokenError({ grant: "refresh_token", issuer: "https://as.example", ...Fault.of(outcome) })
}

describe("an answer to a refresh", () => {
  it.each<[string, number, Readonly<Record<string, unknown>> | undefined, boolean]>([
    ["invalid_grant", 400, { error: "invalid_grant" }, true],
    ["invalid_grant with another status", 401, { error: "invalid_grant" }, true],
    ["invalid_request", 400, { error: "invalid_request" }, true],
    ["invalid_token", 401, { error: "invalid_token" }, true],
    ["unauthorized_client", 403, { error: "unauthorized_client" }, true],
    ["GitHub's own name, in a success", 200, { error: "bad_refresh_token" }, true],
    ["Slack's own name, in a success", 200, { ok: false, error: "invalid_refresh_token" }, true],
    ["401 without a body", 401, undefined, true],
    ["404 without a body", 404, undefined, true],
    ["407, which is a proxy's", 407, undefined, false],
    ["408", 408, { error: "invalid_grant" }, false],
    ["425", 425, { error: "invalid_grant" }, false],
    ["429", 429, { error: "invalid_grant" }, false],
    ["500", 500, { error: "invalid_grant" }, false],
    ["503", 503, undefined, false],
    ["a redirect", 302, undefined, false],
    ["a page", 200, undefined, false]
  ])("of %s", (_, status, document, expected) => {
    assert.strictEqual(RefreshRefusal.isRefusal(answered(status, document), false), expected)
    assert.strictEqual(RefreshRefusal.isRefusal(answered(status, document), true), expected)
  })

  it("of a proxy is none, whatever it was taken for", () => {
    const error = new TokenError({
      grant: "refresh_token",
      issuer: "https://as.example",
      reason: "Rejected",
      status: 407
    })
    assert.isFalse(RefreshRefusal.isRefusal(error, false))
  })

  it("that does not know the client is for the program to correct where its options name that client", () => {
    const error = answered(401, { error: "invalid_client" })
    assert.deepStrictEqual([true, false].map((isFixed) => RefreshRefusal.isRefusal(error, isFixed)), [false, true])
    assert.deepStrictEqual(RefreshRefusal.mayPass(error), true)
    assert.isFalse(RefreshRefusal.mayPass(answered(400, { error: "invalid_grant" })))
    assert.isFalse(RefreshRefusal.mayPass(answered(503, { error: "invalid_client" })))
  })

  it.each<[string, number, Readonly<Record<string, unknown>> | undefined, boolean]>([
    ["has no token", 200, { token_type: "Bearer" }, true],
    ["has an empty token", 200, { access_token: "" }, true],
    ["has null for a token", 200, { access_token: null }, true],
    ["has a token of another kind", 200, { access_token: "a", token_type: "DPoP" }, false],
    ["is no document", 200, undefined, false],
    ["is a redirect", 300, {}, false],
    ["is an internal error", 500, {}, false]
  ])("that %s", (_, status, document, expected) => {
    const outcome = { _tag: "Answered", url, status, ...(document && { document }) } as const
    assert.strictEqual(RefreshRefusal.isWithoutToken(outcome), expected)
  })

  it("that did not come has no token, and refuses none", () => {
    assert.isFalse(RefreshRefusal.isWithoutToken({ _tag: "TimedOut", url }))
    assert.isFalse(RefreshRefusal.isWithoutToken({ _tag: "Failed", url, error: new Error("no") }))
  })
})

describe("credentials whose refresh token is refused", () => {
  const credentials: Credentials = {
    issuer: "https://as.example",
    client: { clientId: "c", redirectUris: ["http://127.0.0.1:1/callback"] },
    tokens: { accessToken: Redacted.make("a"), refreshToken: Redacted.make("r"), scope: "x" },
    extra: Redacted.make({ later: 1 })
  }

  it("keep everything, and the time", () => {
    const marked = RefreshRefusal.marked(credentials, { error: "invalid_grant" }, false, now)
    assert.deepStrictEqual(marked, { ...credentials, tokens: { ...credentials.tokens!, refreshRefusedAt: now } })
  })

  it("have their registration in doubt where the server does not know it, unless the options name it", () => {
    const doubt = (isFixed: boolean) =>
      RefreshRefusal.marked(credentials, { error: "invalid_client" }, isFixed, now).client
    assert.deepStrictEqual(doubt(false), { ...credentials.client!, isInDoubt: true })
    assert.deepStrictEqual(doubt(true), credentials.client)
    const none = { issuer: "https://as.example" }
    assert.deepStrictEqual(RefreshRefusal.marked(none, { error: "invalid_client" }, false, now), none)
  })

  it("are not tried again for ten minutes, whichever way the clock was set", () => {
    const isRecent = (after: number) => RefreshRefusal.isRecent({ refreshRefusedAt: now }, now + after)
    assert.deepStrictEqual([0, 599_999, 600_000, -599_999, -600_000].map(isRecent), [true, true, false, true, false])
    assert.isFalse(RefreshRefusal.isRecent({}, now))
    assert.isFalse(RefreshRefusal.isRecent(undefined, now))
  })
})
