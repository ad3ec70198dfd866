/** The issuer of all tenants, as Microsoft Entra ID publishes it. */
import { assert, describe, it } from "@effect/vitest"
import { Either, Redacted } from "effect"
import * as AuthorizationResponse from "../../../src/core/oauth/AuthorizationResponse.ts"

const isTaken = (issuer: string, iss: string): boolean => {
  const query = new URLSearchParams({ state: "s", code: "c", iss })
  const matched = AuthorizationResponse.matchState(AuthorizationResponse.parse(query.toString()), Redacted.make("s"))
  return Either.isRight(Either.flatMap(matched, (each) => AuthorizationResponse.check(each, { issuer })))
}

describe("an issuer with {tenantid} in its path", () => {
  const issuer = "https://login.example/{tenantid}/v2.0"
  it.each([
    ["https://login.example/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0", true],
    ["https://login.example/contoso.example/v2.0", true],
    ["https://login.example/{tenantid}/v2.0", false],
    ["https://login.example//v2.0", false],
    ["https://login.example/../v2.0", false],
    ["https://login.example/a/b/v2.0", false],
    ["https://login.example/a%2fb/v2.0", false],
    ["https://login.example/a/v2.0/", false],
    ["https://evil.example/a/v2.0", false],
    ["https://logim.example/a/v2.0", false],
    ["https://login.example/a/v2.1", false],
    ["http://login.example/a/v2.0", false]
  ])("takes %s: %s", (iss, taken) => {
    assert.strictEqual(isTaken(issuer, iss), taken)
  })
})

it("an issuer with {tenantid} may be one of this machine", () => {
  assert.isTrue(isTaken("http://localhost:3000/{tenantid}", "http://localhost:3000/a"))
})

it.each([
  ["https://{tenantid}/v2.0", "https://evil.example/v2.0"],
  ["https://login.example{tenantid}/v2.0", "https://login.example.evil.example/v2.0"],
  ["https://{tenantid}.example/", "https://evil.example/"],
  ["ftp:https://login.example/{tenantid}", "ftp:https://login.example/a"]
])(
  "{tenantid} of %s is no tenant, where it stands in a host or in no address of the web: %s is refused",
  (issuer, iss) => {
    assert.isFalse(isTaken(issuer, iss))
  }
)
