import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import * as Sealed from "../../src/hosted/Sealed.ts"

const secret = Redacted.make("0123456789abcdef".repeat(4))

describe("Sealed", () => {
  it.effect("opens with the same secret and purpose alone, and only what nobody changed", () =>
    Effect.gen(function* () {
      const sealed = yield* Sealed.seal("pending", secret, "text é")
      assert.notInclude(Redacted.value(sealed), "text")
      assert.deepStrictEqual(yield* Sealed.open("pending", secret, sealed), Option.some("text é"))
      const text = Redacted.value(sealed)
      const changed = text.slice(0, 30) + (text[30] === "A" ? "B" : "A") + text.slice(31)
      const others = [
        Sealed.open("kept", secret, sealed),
        Sealed.open("pending", Redacted.make("f".repeat(64)), sealed),
        Sealed.open("pending", secret, Redacted.make(changed)),
        Sealed.open("pending", secret, Redacted.make("")),
        Sealed.open("pending", secret, Redacted.make("no base64!"))
      ]
      for (const other of others) assert.isTrue(Option.isNone(yield* other))
    }))

  it.effect("seals no text twice alike, and has one name for each secret and purpose", () =>
    Effect.gen(function* () {
      const [one, two] = [yield* Sealed.seal("page", secret, "text"), yield* Sealed.seal("page", secret, "text")]
      assert.notStrictEqual(Redacted.value(one), Redacted.value(two))
      const names = yield* Effect.forEach(["pending", "answered", "page", "kept", "cookie"] as const, (purpose) =>
        Sealed.nameOf(purpose, secret))
      assert.strictEqual(new Set(names).size, 5)
      for (const name of names) {
        assert.match(name, /^[\w-]{43}$/)
      }
      assert.strictEqual(yield* Sealed.nameOf("pending", secret), names[0])
    }))
})
