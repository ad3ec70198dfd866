/** Which answers to a revocation leave a token valid, and what is said of it. */
import { assert, describe, it } from "@effect/vitest"
import type { Fault } from "../../../src/core/mcp/Fault.ts"
import * as Revocation from "../../../src/core/mcp/Revocation.ts"

const issuer = "https://as.example"
const validUntil = "2026-11-29T12:30:00.000Z"
const unsupported: Fault = { reason: "Rejected", status: 400, error: "unsupported_token_type" }
const faults: ReadonlyArray<Fault> = [
  unsupported,
  { reason: "Rejected", status: 400, error: "invalid_request", description: "Not today." },
  { reason: "Rejected", status: 401 },
  { reason: "ServerError", status: 503, error: "unsupported_token_types" },
  { reason: "TimedOut" }
]

const of = (refresh: Fault | undefined | "none", access: Fault | undefined) =>
  Revocation.errorOf(issuer, [
    ...refresh === "none" ? [] : [{ token: "refresh_token" as const, fault: refresh }],
    { token: "access_token" as const, fault: access }
  ], validUntil)

describe("a revocation", () => {
  it("is done when the server ended every token, or the refresh token and ends no access tokens", () => {
    assert.isUndefined(of(undefined, undefined))
    assert.isUndefined(of("none", undefined))
    assert.isUndefined(of(undefined, unsupported))
    assert.isDefined(of("none", unsupported))
    assert.isDefined(of(unsupported, unsupported))
    assert.isDefined(of(unsupported, undefined))
  })

  it("is done when the server says that a token has ended already, and not when it says so in an error of its own", () => {
    const ended: Fault = { reason: "Rejected", status: 400, error: "invalid_token" }
    const broken: Fault = { reason: "ServerError", status: 500, error: "invalid_token" }
    assert.isUndefined(of(ended, ended))
    assert.isUndefined(of("none", { ...ended, status: undefined }))
    assert.isUndefined(of(ended, unsupported))
    assert.isDefined(of("none", broken))
    assert.isDefined(of(broken, unsupported))
    assert.isDefined(of(undefined, { reason: "ServerError", status: 500, error: "unsupported_token_type" }))
    assert.isDefined(of("none", { reason: "ServerError", status: 500, error: "unsupported_token_type" }))
  })

  it("otherwise fails for the first reason, and names each token that may be valid and when it ends", () => {
    for (const fault of faults) {
      const both = of(fault, unsupported)
      // An error has no field for what is not known.
      const why = ["error", "reason", "status"] as const
      const told = Object.fromEntries(why.flatMap((name) => fault[name] === undefined ? [] : [[name, fault[name]]]))
      assert.deepInclude(both, { ...told, tokens: ["refresh_token", "access_token"], validUntil })
      assert.include(
        both?.message,
        "the access token valid until 2026-11-29T12:30:00.000Z, and the refresh token until"
      )
      const refresh = of(fault, undefined)
      assert.deepInclude(refresh, { ...told, tokens: ["refresh_token"] })
      assert.isUndefined(refresh?.validUntil)
      assert.match(
        refresh?.message ?? "",
        /keep the refresh token valid until it expires: .*end the session on its own/
      )
      if (fault === unsupported) continue
      const access = of(undefined, fault)
      assert.deepInclude(access, { ...told, tokens: ["access_token"], validUntil })
      assert.match(
        access?.message ?? "",
        /the access token valid until 2026-11-29T12:30:00\.000Z: .*Nothing can renew it/
      )
    }
  })

  it("quotes what the server said", () => {
    assert.strictEqual(
      of(faults[1], undefined)?.message,
      "Signed out here, but https://as.example may keep the refresh token valid until it expires: it refused to end it, " +
        'and answered "invalid_request", "Not today" (HTTP 400). To be sure, end the session on its own pages'
    )
  })

  it("has words for a time that is unknown", () => {
    const error = Revocation.errorOf(issuer, [{ token: "access_token", fault: { reason: "TimedOut" } }], undefined)
    assert.include(error?.message, "the access token valid until it expires: it did not answer in time")
    const both = (["refresh_token", "access_token"] as const).map((token) => ({ token, fault: unsupported }))
    assert.include(
      Revocation.errorOf(issuer, both, undefined)?.message,
      "may keep the tokens valid until they expire: "
    )
  })
})
