import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Option } from "effect"
import { inspect } from "node:util"
import { CredentialStoreError } from "../../../src/services/CredentialStoreError.ts"
import * as FileCodec from "../../../src/runtime/keychain/FileCodec.ts"
import { CredentialStore } from "../../../src/store/CredentialStore.ts"
import { credentialStoreLaws } from "../../fixtures/credentialStoreLaws.ts"
import { makeMemoryKeychain } from "../../fixtures/MemoryKeychain.ts"

const over = (keychain = makeMemoryKeychain()) => FileCodec.make(keychain, (effect) => effect)

credentialStoreLaws(
  "a store of encrypted texts",
  Effect.sync(() => {
    const [codec, texts] = [over(), new Map<string, string>()]
    return CredentialStore.make({
      get: (name) =>
        Effect.flatMap(
          Effect.sync(() => texts.get(name)),
          (text) => text === undefined ? Effect.succeedNone : Effect.map(codec(name).open(text), Option.some)
        ),
      set: (name, text) => Effect.map(codec(name).seal(text), (sealed) => void texts.set(name, sealed)),
      delete: (name) => Effect.sync(() => texts.delete(name)),
      list: Effect.sync(() => texts.keys())
    })
  }),
  { tells: "within a second" }
)

const quiet = (error: unknown, ...secrets: ReadonlyArray<string>) => {
  for (const secret of secrets) assert.notInclude(inspect(error, { depth: null }) + JSON.stringify(error), secret)
}

describe("an encrypted text", () => {
  it.effect.prop("is opened by whoever has the key, and by nobody for another file", [
    FastCheck.string({ unit: "grapheme" }),
    FastCheck.string(),
    FastCheck.string()
  ], ([text, name, other]) =>
    Effect.gen(function* () {
      const keychain = makeMemoryKeychain()
      const sealed = yield* over(keychain)(name).seal(text)
      assert.strictEqual(yield* over(keychain)(name).open(sealed), text)
      if (other === name) return
      const error = yield* Effect.flip(over(keychain)(other).open(sealed))
      assert.strictEqual(error.reason, "Damaged")
    }), { fastCheck: { numRuns: 30 } })

  it.effect("holds nothing of its text or key, and is another one each time", () =>
    Effect.gen(function* () {
      const keychain = makeMemoryKeychain()
      const codec = over(keychain)("file")
      const sealed = new Set<string>()
      for (let time = 0; time < 50; time++) sealed.add(yield* codec.seal("s3cret-token"))
      assert.strictEqual(sealed.size, 50)
      assert.strictEqual(new Set([...sealed].map((text) => JSON.parse(text).encrypted.nonce)).size, 50)
      const { key } = JSON.parse(keychain.entries.get(FileCodec.keyAccount) ?? "")
      for (const text of sealed) {
        assert.notInclude(text, "s3cret")
        assert.notInclude(text, key)
      }
      assert.deepStrictEqual([...keychain.entries.keys()], [FileCodec.keyAccount])
    }))

  it.effect("is damaged when any part of it was changed", () =>
    Effect.gen(function* () {
      const codec = over()("file")
      const { encrypted, version } = JSON.parse(yield* codec.seal("s3cret-token".repeat(3)))
      const { encrypted: second } = JSON.parse(yield* codec.seal("s3cret-other"))
      const flipped = (text: string) => `${text[0] === "A" ? "B" : "A"}${text.slice(1)}`
      const changes = [
        { nonce: second.nonce },
        { text: second.text },
        { nonce: flipped(encrypted.nonce) },
        { text: flipped(encrypted.text) },
        { text: encrypted.text.slice(0, -4) },
        { text: "" }
      ]
      for (const change of changes) {
        const error = yield* Effect.flip(
          codec.open(JSON.stringify({ version, encrypted: { ...encrypted, ...change } }))
        )
        assert.strictEqual(error.reason, "Damaged")
        quiet(error, "s3cret")
      }
    }))

  it.effect("that never was one is given back as it is, without asking the keychain", () =>
    Effect.gen(function* () {
      const codec = over({ ...makeMemoryKeychain(), get: () => Effect.dieMessage("asked") })("file")
      for (const text of ["", "no JSON", '{"version":1,"issuer":"https://as.example"}', '{"version":2,"encr']) {
        assert.strictEqual(yield* codec.open(text), text)
      }
    }))

  it.effect("cannot be read without its key, and says what to do: it is not damaged", () =>
    Effect.gen(function* () {
      const keychain = makeMemoryKeychain()
      const sealed = yield* over(keychain)("file").seal("s3cret-token")
      const key = keychain.entries.get(FileCodec.keyAccount) ?? ""
      keychain.entries.clear()
      const without = yield* Effect.flip(over(keychain)("file").open(sealed))
      yield* over(keychain)("file").seal("another")
      const another = yield* Effect.flip(over(keychain)("file").open(sealed))
      for (const error of [without, another]) {
        assert.strictEqual(error.reason, "Unreadable")
        assert.include(error.detail, "Where it was reset: remove the file and sign in again")
        quiet(error, "s3cret", JSON.parse(key).key)
      }
      keychain.entries.set(FileCodec.keyAccount, "no key")
      const broken = yield* Effect.flip(over(keychain)("file").open(sealed))
      assert.strictEqual(broken.reason, "Unreadable")
      assert.strictEqual((yield* Effect.flip(over(keychain)("file").seal("x"))).reason, "Unreadable")
      assert.strictEqual(keychain.entries.get(FileCodec.keyAccount), "no key")
    }))

  it.effect("is sealed with the key that is in the keychain now, also by a process that knew another one", () =>
    Effect.gen(function* () {
      const keychain = makeMemoryKeychain()
      const old = over(keychain)("file")
      yield* old.seal("one")
      keychain.entries.clear()
      yield* over(keychain)("file").seal("two")
      assert.strictEqual(yield* over(keychain)("file").open(yield* old.seal("three")), "three")
    }))

  it.effect("is not written when the keychain fails", () =>
    Effect.gen(function* () {
      const error = new CredentialStoreError({ reason: "Unreadable", detail: "locked" })
      const codec = over({ ...makeMemoryKeychain(), get: () => Effect.fail(error) })("file")
      assert.strictEqual(yield* Effect.flip(codec.seal("s3cret")), error)
    }))

  it.effect("has one key when many are the first to write", () =>
    Effect.gen(function* () {
      const keychain = makeMemoryKeychain()
      const turn = Effect.unsafeMakeSemaphore(1).withPermits(1)
      const slow = { ...keychain, get: (account: string) => Effect.zipLeft(keychain.get(account), Effect.yieldNow()) }
      const sealed = yield* Effect.forEach(
        Array.from({ length: 20 }, (_, at) => String(at)),
        (text) => FileCodec.make(slow, turn)("file").seal(text),
        { concurrency: "unbounded" }
      )
      const codec = over(keychain)("file")
      for (const [at, text] of sealed.entries()) assert.strictEqual(yield* codec.open(text), String(at))
    }))
})
