import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Redacted } from "effect"
import { statusOf } from "../../src/mcp/statusOf.ts"
import { hostile, isPrintable } from "../fixtures/HostileText.ts"

const now = 1_700_000_000_000
const env = { key: { serverUrl: "https://mcp.example/mcp", account: "me" }, label: "https://mcp.example/mcp" }
const tokens = { accessToken: Redacted.make("t") }

describe("make", () => {
  it("says what is known", () => {
    const credentials = {
      issuer: "https://as.example",
      client: { clientId: "client" },
      tokens: { ...tokens, scope: "a b a", expiresAt: now + 1, refreshToken: Redacted.make("r") }
    }
    assert.deepStrictEqual(statusOf(env, true, credentials, now), {
      server: env.label,
      account: "me",
      isSignedIn: true,
      isSigningIn: true,
      issuer: "https://as.example",
      clientId: "client",
      scopes: ["a", "b"],
      expiresAt: now + 1,
      isRefreshable: true
    })
    assert.deepInclude(statusOf(env, false, {}, now), { isSignedIn: false, scopes: [], issuer: undefined })
  })

  it("is not signed in, nor refreshable, once the refresh token was refused, however long ago", () => {
    const refused = { ...tokens, refreshToken: Redacted.make("r"), refreshRefusedAt: 1 }
    for (const expiresAt of [undefined, now - 1, now + 1000]) {
      const credentials = { issuer: "https://as.example", tokens: { ...refused, expiresAt } }
      assert.deepInclude(statusOf(env, false, credentials, now), { isSignedIn: false, isRefreshable: false })
    }
  })

  it.prop("is printable, short, and of times that a Date takes, whatever a store kept", [
    hostile,
    FastCheck.oneof(FastCheck.double(), FastCheck.constantFrom(1e300, -1e300, Infinity, 8.65e15))
  ], ([text, expiresAt]) => {
    const credentials = { issuer: text, client: { clientId: text }, tokens: { ...tokens, scope: text, expiresAt } }
    const status = statusOf(env, false, credentials, now)
    for (const each of [status.issuer ?? "", status.clientId ?? "", status.scopes.join(" ")]) {
      assert.isTrue(isPrintable(each), JSON.stringify(each.slice(0, 200)))
      assert.isAtMost(each.length, 8000)
    }
    assert.isTrue(Number.isNaN(expiresAt) || !Number.isNaN(new Date(status.expiresAt ?? 0).getTime()))
  })
})
