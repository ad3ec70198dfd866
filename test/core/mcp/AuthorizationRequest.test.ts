import { assert, describe, it } from "@effect/vitest"
import * as AuthorizationRequest from "../../../src/core/mcp/AuthorizationRequest.ts"

const request: AuthorizationRequest.AuthorizationRequest = {
  clientId: "c",
  redirectUri: "http://127.0.0.1:1/callback",
  state: "s",
  codeChallenge: "h"
}
const owned = {
  response_type: "code",
  client_id: "c",
  code_challenge: "h",
  code_challenge_method: "S256",
  redirect_uri: "http://127.0.0.1:1/callback",
  state: "s"
}
const parameters = (endpoint: string, more: Partial<AuthorizationRequest.AuthorizationRequest> = {}) =>
  [...AuthorizationRequest.url(endpoint, { ...request, ...more }).searchParams].sort()
const sorted = (fields: Record<string, string>) => Object.entries(fields).sort()

describe("the authorization request", () => {
  it("has what a code with PKCE needs, each once, and no prompt", () => {
    assert.deepStrictEqual(parameters("https://as.example/authorize"), sorted(owned))
    assert.deepStrictEqual(
      parameters("https://as.example/authorize", {
        scope: "a offline_access",
        resource: "https://r",
        responseMode: "query"
      }),
      sorted({ ...owned, scope: "a offline_access", resource: "https://r" })
    )
  })

  it("keeps the query of the endpoint, but not what is sent", () => {
    assert.deepStrictEqual(
      parameters("https://as.example/authorize?tenant=1&state=x&state=y&prompt=login"),
      sorted({ ...owned, tenant: "1", prompt: "login" })
    )
  })

  it("has what the caller adds, and what a challenge wants before it", () => {
    const added = { prompt: "consent", audience: "a", max_age: "60", login_hint: "ä&b" }
    assert.deepStrictEqual(
      parameters("https://as.example/a", { parameters: added, stepUp: { max_age: "0" }, responseMode: "form_post" }),
      sorted({ ...owned, ...added, max_age: "0", response_mode: "form_post" })
    )
  })

  it("is not changed by anything that the caller adds under a name of its own", () => {
    const hostile = Object.fromEntries(Object.keys(owned).map((name) => [name, "evil"]))
    assert.deepStrictEqual(parameters("https://as.example/a", { parameters: hostile }), sorted(owned))
  })

  it("leaves to nobody what it sends, nor what a request object would replace (RFC 9101)", () => {
    const sent = [...Object.keys(owned), "scope", "resource", "response_mode"]
    assert.sameMembers([...AuthorizationRequest.ownedParameters], [...sent, "request", "request_uri"])
  })
})
