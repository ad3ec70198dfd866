import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { createHash } from "node:crypto"
import { inspect } from "node:util"
import { challenge, Pkce } from "../../src/flow/Pkce.ts"

describe("challenge", () => {
  it.effect("is that of RFC 7636 appendix B", () =>
    Effect.gen(function* () {
      const verifier = Redacted.make("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
      assert.strictEqual(yield* challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    }))
})

describe("Pkce.make", () => {
  it.effect("makes a verifier and the S256 challenge of it", () =>
    Effect.gen(function* () {
      const { challenge, method, verifier } = yield* Pkce.make
      assert.strictEqual(method, "S256")
      assert.strictEqual(challenge, createHash("sha256").update(Redacted.value(verifier)).digest("base64url"))
    }))

  it.effect("makes 10,000 distinct verifiers, each of 43 characters that RFC 7636 section 4.1 allows", () =>
    Effect.gen(function* () {
      const made = yield* Effect.all(Array.from({ length: 10_000 }, () => Pkce.make))
      const verifiers = made.map(({ verifier }) => Redacted.value(verifier))
      assert.strictEqual(new Set(verifiers).size, 10_000)
      assert.strictEqual(new Set(made.map(({ challenge }) => challenge)).size, 10_000)
      for (const verifier of verifiers) assert.match(verifier, /^[A-Za-z0-9_-]{43}$/)
    }))

  it.effect("prints no verifier", () =>
    Effect.gen(function* () {
      const pkce = yield* Pkce.make
      const printed = [JSON.stringify(pkce), String(pkce.verifier), inspect(pkce, { depth: null, showHidden: true })]
      assert.notInclude(printed.join("\n"), Redacted.value(pkce.verifier))
    }))
})
