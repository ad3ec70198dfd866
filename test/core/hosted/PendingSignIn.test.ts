import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Redacted } from "effect"
import { inspect } from "node:util"
import * as KeptPage from "../../../src/core/hosted/KeptPage.ts"
import * as PendingSignIn from "../../../src/core/hosted/PendingSignIn.ts"
import { AuthorizationDenied, InvalidResponse } from "../../../src/core/oauth/FlowError.ts"

const whole: PendingSignIn.PendingSignIn = {
  key: { serverUrl: "https://mcp.example/mcp?key=1", account: "ann", variant: "audience=a" },
  serverName: "mcp.example",
  expiresAt: 1234,
  issuer: "https://auth.example",
  issuerRequired: true,
  tokenEndpoint: "https://auth.example/token",
  authMethods: ["none"],
  resource: "https://mcp.example/mcp",
  scope: "a b",
  client: { clientId: "one", clientSecret: Redacted.make("s3cret"), redirectUris: ["https://agent.example/cb"] },
  isFixed: false,
  codeVerifier: Redacted.make("verif1er")
}

describe("PendingSignIn", () => {
  it("reads what it wrote, with its secrets redacted", () => {
    const read = PendingSignIn.decode(PendingSignIn.encode(whole))
    assert.strictEqual(PendingSignIn.encode(read!), PendingSignIn.encode(whole))
    assert.deepStrictEqual(read?.key, whole.key)
    assert.notMatch(inspect(read, { depth: 9 }), /s3cret|verif1er/)
  })

  it("reads nothing else, and never throws", () => {
    FastCheck.assert(FastCheck.property(FastCheck.json(), (text) => {
      assert.isUndefined(PendingSignIn.decode(text))
    }))
    const written = JSON.parse(PendingSignIn.encode(whole))
    for (const name of Object.keys(written).filter((each) => !["authMethods", "resource", "scope"].includes(each))) {
      assert.isUndefined(PendingSignIn.decode(JSON.stringify({ ...written, [name]: null })), name)
    }
    assert.isUndefined(PendingSignIn.decode("{"))
  })
})

describe("KeptPage", () => {
  it("reads every outcome that it wrote", () => {
    const outcomes: ReadonlyArray<KeptPage.KeptPage["outcome"]> = [
      { _tag: "SignedIn" },
      { _tag: "Denied", error: new AuthorizationDenied({ error: "access_denied", description: "no" }) },
      { _tag: "Invalid", error: new InvalidResponse({ reason: "IssuerMismatch", parameter: "iss" }) },
      { _tag: "Failed", reason: "words" },
      { _tag: "Received" }
    ]
    for (const outcome of outcomes) {
      const page = { outcome, serverName: "mcp.example", until: 5 }
      assert.deepStrictEqual(KeptPage.decode(KeptPage.encode(page)), page)
    }
    assert.isUndefined(KeptPage.decode("{"))
  })
})
