import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted, type Scope } from "effect"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { minLimit } from "../../../src/core/keychain/SplitText.ts"
import { make } from "../../../src/runtime/keychain/KeychainCredentialStore.ts"
import { layerKeychain } from "../../../src/runtime/layer.ts"
import { keychainStore } from "../../../src/runtime/services.ts"
import { credentialStoreLaws } from "../../fixtures/credentialStoreLaws.ts"
import { makeMemoryKeychain } from "../../fixtures/MemoryKeychain.ts"

const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "keychain-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const opened = Effect.map(folder, (folder) => make({ keychain: makeMemoryKeychain(minLimit), folder }))

/** Two stores, as two processes have them. */
const pair = Effect.map(folder, (folder) => {
  const keychain = makeMemoryKeychain(minLimit)
  return [make({ keychain, folder }), make({ keychain, folder })] as const
})

credentialStoreLaws("a keychain with limited entries", opened, { pair, takesTurns: true })

const key = { serverUrl: "https://mcp.example/", account: "me" }
const credentials = { issuer: "https://as.example", tokens: { accessToken: Redacted.make("s3cret") } }

describe("a store in a keychain", () => {
  it.scopedLive("lists what all stores over it have, and shows each of them another revision after a change", () =>
    Effect.gen(function* () {
      const [path, keychain] = [yield* folder, makeMemoryKeychain()]
      const [one, other] = [make({ keychain, folder: path }), make({ keychain, folder: path })]
      const seen = new Set([other.revision?.(key)])
      for (let change = 1; change < 20; change++) {
        yield* one.modify(key, () => Effect.succeed([undefined, Option.some(credentials)] as const))
        const revision = other.revision?.(key)
        assert.strictEqual(other.revision?.(key), revision)
        seen.add(revision)
      }
      assert.strictEqual(seen.size, 20)
      assert.deepStrictEqual(yield* other.list, [key])
      yield* one.modify(key, () => Effect.succeed([undefined, Option.none()] as const))
      assert.deepStrictEqual(yield* other.list, [])
      assert.isFalse(seen.has(other.revision?.(key)))
    }))

  it.scopedLive("leaves nothing of the credentials in its folder, which is this user's alone", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const store = make({ keychain: makeMemoryKeychain(), folder: path })
      yield* store.modify(key, () => Effect.succeed([undefined, Option.some(credentials)] as const))
      const files = readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name))
      const texts = files.filter((file) => statSync(file).isFile()).map((file) => file + readFileSync(file, "utf8"))
      assert.isAbove(texts.length, 0)
      assert.notMatch(texts.join(), /s3cret|mcp\.example|as\.example/)
      if (process.platform !== "win32") assert.strictEqual(statSync(path).mode & 0o777, 0o700)
    }))

  it.scopedLive("fails where processes cannot take turns, before anything is spent", () =>
    Effect.gen(function* () {
      const store = make({ keychain: makeMemoryKeychain(), folder: "/dev/null/folder" })
      const error = yield* Effect.flip(store.modify(key, () => Effect.dieMessage("the function ran")))
      assert.strictEqual(error.reason, "Unwritable")
      assert.include(error.detail, "/dev/null/folder, where processes take turns with the keychain, cannot be used")
    }))
})

describe("layerKeychain", () => {
  it.live("fails when the name of the program is no name", () =>
    Effect.gen(function* () {
      for (const appName of ["", "..", "a/b", "a\\b", "a\u0000", 1 as never]) {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(layerKeychain({ appName }))))
        assert.deepStrictEqual([error._tag, error.option], ["InvalidOptions", "appName"])
      }
    }))

  it.live("has one store for one program, however often it is built", () =>
    Effect.gen(function* () {
      const store = yield* keychainStore({ appName: "a" })
      assert.strictEqual(yield* keychainStore({ appName: "a" }), store)
      assert.notStrictEqual(yield* keychainStore({ appName: "b" }), store)
    }))
})
