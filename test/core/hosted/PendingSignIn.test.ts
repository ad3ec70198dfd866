import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Redacted } from "effect"
import { inspect } from "node:util"
import * as KeptPage from "../../../src/core/hosted/KeptPage.ts"
import * as PendingSignIn from "../../../src/core/hosted/PendingSignIn.ts"
import * as Credentials from "../../../src/core/mcp/Credentials.ts"
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

  it("reads what has no more than it needs", () => {
    const { authMethods: _, resource: _1, scope: _2, ...least } = whole
    const read = PendingSignIn.decode(PendingSignIn.encode(least))
    assert.strictEqual(PendingSignIn.encode(read!), PendingSignIn.encode(least))
  })

  it("reads nothing else, and never throws", () => {
    FastCheck.assert(FastCheck.property(FastCheck.json(), (text) => {
      assert.isUndefined(PendingSignIn.decode(text))
    }))
    const written = JSON.parse(PendingSignIn.encode(whole))
    for (const name of Object.keys(written)) {
      assert.isUndefined(PendingSignIn.decode(JSON.stringify({ ...written, [name]: null })), name)
      assert.isUndefined(PendingSignIn.decode(JSON.stringify({ ...written, [name]: [1] })), name)
    }
    const withoutClient = Credentials.encode(whole.key, { issuer: whole.issuer })
    assert.isUndefined(PendingSignIn.decode(JSON.stringify({ ...written, credentials: withoutClient })))
    assert.isUndefined(PendingSignIn.decode(JSON.stringify({ ...written, credentials: "{}" })))
    const { server: _, ...withoutServer } = JSON.parse(written.credentials)
    for (const wrong of [{ authMethods: ["none", 1] }, { credentials: JSON.stringify(withoutServer) }]) {
      assert.isUndefined(PendingSignIn.decode(JSON.stringify({ ...written, ...wrong })))
    }
    assert.isUndefined(PendingSignIn.decode("{"))
  })
})

describe("KeptPage", () => {
  it("reads every outcome that it wrote", () => {
    const outcomes: ReadonlyArray<KeptPage.KeptPage["outcome"]> = [
      { _tag: "SignedIn" },
      { _tag: "Denied", error: new AuthorizationDenied({ error: "access_denied", description: "no" }) },
      { _tag: "Denied", error: new AuthorizationDenied({ error: "x", uri: "https://auth.example/why" }) },
      { _tag: "Invalid", error: new InvalidResponse({ reason: "IssuerMismatch", parameter: "iss" }) },
      { _tag: "Failed", reason: "words" },
      { _tag: "Received" }
    ]
    for (const outcome of outcomes) {
      const page = { outcome, serverName: "mcp.example", until: 5 }
      const read = KeptPage.decode(KeptPage.encode(page))
      assert.deepStrictEqual(read, page)
      if (outcome._tag === "Denied" && read?.outcome._tag === "Denied") {
        assert.deepStrictEqual(Object.keys(read.outcome.error).sort(), Object.keys(outcome.error).sort())
      }
    }
    assert.isUndefined(KeptPage.decode("{"))
  })
})
