import { assert, describe, it } from "@effect/vitest"
import { Cause, FastCheck } from "effect"
import {
  DiscoveryError,
  InteractionRequired,
  McpConnectError,
  RegistrationError,
  RevocationError,
  TokenError,
  UntrustedMetadata
} from "../../../src/core/mcp/SignInError.ts"
import { hostile, isPrintable, pieces } from "../../fixtures/HostileText.ts"

/** Every error about a server, with this text in each field that takes one. */
const errorsWith = (text: string): ReadonlyArray<Error> => [
  new DiscoveryError({ reason: "InvalidResponse", server: text, url: text }),
  new UntrustedMetadata({ reason: "IssuerMismatch", server: text, field: text, found: text, expected: text }),
  new RegistrationError({ reason: "Rejected", issuer: text, error: text, description: text }),
  new TokenError({ reason: "Rejected", grant: "refresh_token", issuer: text, error: text, description: text }),
  new RevocationError({ reason: "Rejected", issuer: text }),
  new InteractionRequired({ reason: "InsufficientScope", server: text, scope: text }),
  new McpConnectError({ server: text, detail: text })
]

describe("an error about a server", () => {
  it.prop("is printable and short in its message and each of its fields, whoever made it", [
    FastCheck.oneof(hostile, FastCheck.constant(pieces.join("x").repeat(5000)))
  ], ([text]) => {
    for (const error of errorsWith(text)) {
      const fields = Object.entries(error).filter(([name]) => name !== "stack")
      for (const [name, value] of [...fields, ["message", error.message], ["text", String(error)]]) {
        if (typeof value !== "string") continue
        assert.isTrue(isPrintable(value), `${error.name}.${name}: ${JSON.stringify(value.slice(0, 200))}`)
        assert.isAtMost(value.length, 10_000)
      }
      assert.isTrue(isPrintable((Cause.pretty(Cause.fail(error)).split("\n    at ")[0] ?? "").replaceAll("\n", "")))
    }
  })

  it("has the HTTP status for its code where it has no other, and no field that says nothing", () => {
    const codeOf = (fields: object) => {
      const error = new RegistrationError({ reason: "Rejected", issuer: "i", ...fields })
      return "code" in error ? error.code : "absent"
    }
    assert.strictEqual(codeOf({ status: 429 }), "429")
    assert.strictEqual(codeOf({ status: 429, code: "ECONNRESET" }), "ECONNRESET")
    assert.strictEqual(codeOf({}), "absent")
    assert.strictEqual(codeOf({ code: undefined }), "absent")
    const empty = { cause: undefined, code: undefined, isWebPage: undefined, retryAfter: undefined }
    const error = new RegistrationError({ reason: "Rejected", issuer: "i", description: undefined, ...empty })
    for (const name of Object.keys(empty)) assert.notProperty(error, name)
    assert.property(error, "description")
  })

  it("has at most so many letters in each field", () => {
    const long = "x".repeat(10_000)
    const lengths = (error: object) =>
      Object.fromEntries(
        Object.entries(error).flatMap(([name, value]) => typeof value === "string" ? [[name, value.length]] : [])
      )
    assert.include(
      lengths(new RegistrationError({ reason: "Rejected", issuer: long, error: long, description: long, code: long })),
      { code: 100, error: 100, description: 500, issuer: 2048 }
    )
    assert.include(lengths(new McpConnectError({ server: "s", detail: long })), { detail: 500 })
    assert.include(lengths(new InteractionRequired({ reason: "InsufficientScope", server: "s", scope: long })), {
      scope: 8192
    })
    assert.include(
      lengths(new UntrustedMetadata({ reason: "IssuerMismatch", server: "s", field: "f", found: long, expected: "e" })),
      { found: 200 }
    )
  })

  it("keeps what is fine as it is, and what is no text", () => {
    const fields = { reason: "Rejected", issuer: "https://as.example/ü 漢字", status: 400, error: "e" } as const
    assert.deepInclude({ ...new RegistrationError({ ...fields, description: undefined }) }, fields)
    assert.strictEqual(new RegistrationError(fields).name, "RegistrationError")
    assert.instanceOf(new RegistrationError(fields), RegistrationError)
  })
})
