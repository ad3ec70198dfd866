import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, FastCheck } from "effect"
import { minLimit } from "../../../src/core/keychain/SplitText.ts"
import * as KeychainTexts from "../../../src/runtime/keychain/KeychainTexts.ts"
import { makeMemoryKeychain, type MemoryKeychain } from "../../fixtures/MemoryKeychain.ts"

const over = (keychain: MemoryKeychain) => KeychainTexts.make(keychain, (effect) => effect)

const text = FastCheck.tuple(FastCheck.constantFrom("a", "b", "🔑"), FastCheck.nat(600)).map(([letter, length]) =>
  letter.repeat(length)
)
/** What is changed: a text is set, or removed. */
const change = FastCheck.option(text, { nil: undefined })

describe("the texts of a keychain with limited entries", () => {
  it.effect.prop("are old or new after a crash at any change, never half, and are changed as ever after that", [
    FastCheck.array(FastCheck.tuple(change, FastCheck.nat(12)), { minLength: 1, maxLength: 8 }),
    text
  ], ([crashes, last]) =>
    Effect.gen(function* () {
      const keychain = makeMemoryKeychain(minLimit)
      let current: string | undefined = undefined
      for (const [next, at] of crashes) {
        const dying = over(keychain)
        keychain.dieAfter(at)
        const exit = yield* Effect.exit(next === undefined ? dying.delete("name") : dying.set("name", next))
        keychain.revive()
        const found: string | undefined = yield* over(keychain).get("name")
        assert.include([current, next], found)
        if (Exit.isSuccess(exit)) assert.strictEqual(found, next)
        // Whatever there is can be found by the list.
        if (found !== undefined) assert.include(yield* over(keychain).list, "name")
        current = found
      }
      yield* over(keychain).set("name", last)
      assert.strictEqual(yield* over(keychain).get("name"), last)
      // Nothing that a crash has left stays: the pieces are those of the text.
      const account = KeychainTexts.accountOf("name")
      const { pieces } = JSON.parse((keychain.entries.get(account) ?? "").split("\n")[0] ?? "")
      assert.strictEqual([...keychain.entries.keys()].filter((each) => each.startsWith(account)).length, pieces)
      yield* over(keychain).delete("name")
      assert.deepStrictEqual(yield* over(keychain).list, [])
      assert.deepStrictEqual([...keychain.entries.keys()].filter((each) => each.startsWith(account)), [])
    }), { fastCheck: { numRuns: 100 } })

  it.effect("are read whole while somebody replaces them, at whichever step", () =>
    Effect.gen(function* () {
      for (let at = 0; at < 12; at++) {
        const keychain = makeMemoryKeychain(minLimit)
        const texts = over(keychain)
        yield* texts.set("name", "a".repeat(700))
        let reads = 0
        keychain.beforeGet = () => {
          if (reads++ !== at) return
          keychain.beforeGet = () => {}
          Effect.runSync(texts.set("name", "b".repeat(700)))
        }
        const found = yield* texts.get("name")
        assert.include(["a".repeat(700), "b".repeat(700)], found)
      }
    }))

  it.effect("are damaged when an entry is missing or changed, and the error holds none of them", () =>
    Effect.gen(function* () {
      const keychain = makeMemoryKeychain(minLimit)
      const texts = over(keychain)
      yield* texts.set("name", "s3cret".repeat(100))
      const whole = new Map(keychain.entries)
      for (const account of [...whole.keys()].filter((each) => each.startsWith("credentials-"))) {
        for (const changed of [undefined, "x", `${whole.get(account)}x`]) {
          for (const [name, entry] of whole) keychain.entries.set(name, entry)
          if (changed === undefined) keychain.entries.delete(account)
          else keychain.entries.set(account, changed)
          if (changed === undefined && account === KeychainTexts.accountOf("name")) continue
          const error = yield* Effect.flip(texts.get("name"))
          assert.strictEqual(error.reason, "Damaged")
          assert.include(error.detail, KeychainTexts.accountOf("name"))
          assert.notInclude(JSON.stringify(error) + String(error), "s3cret")
        }
      }
      yield* texts.set("name", "new")
      assert.strictEqual(yield* texts.get("name"), "new")
    }))

  it.effect("of a newer version are left alone", () =>
    Effect.gen(function* () {
      const keychain = makeMemoryKeychain()
      keychain.entries.set(KeychainTexts.accountOf("name"), '{"version":9}\nx')
      const error = yield* Effect.flip(over(keychain).get("name"))
      assert.strictEqual(error.reason, "Unreadable")
      assert.include(error.detail, "newer version")
    }))

  it.effect("are listed by all who write, and a damaged list is made anew", () =>
    Effect.gen(function* () {
      const keychain = makeMemoryKeychain(minLimit)
      for (let at = 0; at < 20; at++) yield* over(keychain).set(`https://${at}.example/#`, "x")
      assert.strictEqual((yield* over(keychain).list).length, 20)
      yield* over(keychain).delete("https://7.example/#")
      assert.notInclude(yield* over(keychain).list, "https://7.example/#")
      keychain.entries.set("index", "damaged")
      assert.deepStrictEqual(yield* over(keychain).list, [])
      yield* over(keychain).set("https://7.example/#", "x")
      assert.deepStrictEqual(yield* over(keychain).list, ["https://7.example/#"])
    }))
})
