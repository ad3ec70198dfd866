/** Files that are encrypted with a key in the keychain. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Option } from "effect"
import * as fs from "node:fs"
import { basename, join } from "node:path"
import process from "node:process"
import { inspect } from "node:util"
import { keyText } from "../../src/core/mcp/Credentials.ts"
import * as OneAtATime from "../../src/effect/OneAtATime.ts"
import { open } from "../../src/runtime/FileCredentialStore.ts"
import * as FileCodec from "../../src/runtime/keychain/FileCodec.ts"
import { layerFile } from "../../src/runtime/layer.ts"
import { type CredentialKey, CredentialStore, CredentialStoreError } from "../../src/services/CredentialStore.ts"
import { alone, fileIn, folder, listed, listening } from "../fixtures/CredentialFolder.ts"
import { credentialStoreLaws } from "../fixtures/credentialStoreLaws.ts"
import { makeMemoryKeychain } from "../fixtures/MemoryKeychain.ts"
import { assertKept, full, key, put, tokenOf, withToken } from "../fixtures/StoredTokens.ts"

/** Codecs of two processes of one program. */
const codecsOver = (keychain = makeMemoryKeychain()) => {
  const { run } = OneAtATime.make()
  return [FileCodec.make(keychain, run), FileCodec.make(keychain, run)] as const
}

// The laws hold for files in the clear in every run; for these they run with `SOAK=1`, because they take a while.
if (process.env["SOAK"] !== undefined) {
  credentialStoreLaws(
    "FileCredentialStore with encryption",
    Effect.map(folder, (directory) => alone(directory, codecsOver()[0])),
    {
      takesTurns: true,
      pair: Effect.map(folder, (directory) => {
        const [one, other] = codecsOver()
        return [alone(directory, one), alone(directory, other)] as const
      })
    }
  )
}

/** A store with a token in an encrypted file. */
const sealed = Effect.gen(function* () {
  const directory = yield* folder
  const keychain = makeMemoryKeychain()
  const [one, other] = codecsOver(keychain)
  const store = alone(directory, one)
  yield* put(store, key, Option.some(withToken("s3cret")))
  return { directory, keychain, store, other, file: fileIn(directory) }
})

/** No use of a store gets anywhere: its errors have these words, and the file is left as it was. */
const assertRefused = (store: CredentialStore, file: string, ...words: ReadonlyArray<string | RegExp>) =>
  Effect.gen(function* () {
    const before = fs.readFileSync(file)
    let ran = false
    const change = (reserve: boolean) =>
      store.modify(key, (current) => Effect.sync(() => [ran = true, current] as const), { reserve })
    for (const use of [store.load(key), change(false), change(true), store.list]) {
      const error = yield* Effect.flip<unknown, CredentialStoreError, never>(use)
      assert.instanceOf(error, CredentialStoreError)
      assert.strictEqual(error.reason, "Unreadable")
      for (const word of [file, ...words]) {
        if (typeof word === "string") assert.include(error.message, word)
        else assert.match(error.message, word)
      }
      assert.notInclude(`${inspect(error, { depth: null })} ${JSON.stringify(error)}`, "s3cret")
    }
    assert.isFalse(ran)
    assert.deepStrictEqual(fs.readFileSync(file), before)
    assert.deepStrictEqual(listed(join(file, "../..")), [basename(file)])
  })

describe("an encrypted file", () => {
  it.scopedLive("holds nothing in the clear, and is read by other processes with the key", () =>
    Effect.gen(function* () {
      const { directory, file, other, store } = yield* sealed
      const odd = { serverUrl: "https://b.example/", account: "somebody" }
      yield* put(store, odd, Option.some(full))
      for (const name of listed(directory)) {
        const text = fs.readFileSync(join(directory, "credentials", name), "utf8")
        assert.notMatch(text, /s3cret|example|somebody|access|token|issuer|client/)
        assert.deepStrictEqual(Object.keys(JSON.parse(text)), ["version", "encrypted"])
      }
      const another = alone(directory, other)
      assert.strictEqual(tokenOf(yield* another.load(key)), "s3cret")
      assertKept(yield* another.load(odd), Option.some(full))
      assert.deepStrictEqual((yield* another.list).map(keyText).sort(), [key, odd].map(keyText).sort())
      assert.match(basename(file), /^[\da-f]{64}\.json$/)
    }))

  it.scopedLive("takes the place of one in the clear at the next change, and not before", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      yield* put(alone(directory), key, Option.some(withToken("s3cret")))
      const file = fileIn(directory)
      const clear = fs.readFileSync(file, "utf8")
      const store = alone(directory, codecsOver()[0])
      assert.strictEqual(tokenOf(yield* store.load(key)), "s3cret")
      assert.deepStrictEqual((yield* store.list).map(keyText), [keyText(key)])
      assert.strictEqual(fs.readFileSync(file, "utf8"), clear)
      const seen = yield* store.modify(
        key,
        (current) => Effect.succeed([tokenOf(current), Option.some(withToken("s3cret 2"))] as const),
        { reserve: true }
      )
      assert.strictEqual(seen, "s3cret")
      assert.notInclude(fs.readFileSync(fileIn(directory), "utf8"), "s3cret")
      assert.strictEqual(tokenOf(yield* store.load(key)), "s3cret 2")
    }))

  it.scopedLive("is no file of a newer version to a program that did not ask for it: its error says what to set", () =>
    Effect.gen(function* () {
      const { directory, file } = yield* sealed
      yield* assertRefused(alone(directory), file, "encrypt: true", /^(?!.*newer)/)
    }))

  it.scopedLive("is left alone without its key, or with another one", () =>
    Effect.gen(function* () {
      const { directory, file } = yield* sealed
      const empty = makeMemoryKeychain()
      yield* assertRefused(alone(directory, codecsOver(empty)[0]), file, "the keychain has no key for them")
      assert.strictEqual(empty.changes(), 0, "no key is made for what cannot be read")
      const another = makeMemoryKeychain()
      yield* codecsOver(another)[0]("x").seal("x")
      yield* assertRefused(alone(directory, codecsOver(another)[0]), file, "the keychain has another key than theirs")
    }))

  it.scopedLive("is left alone where the keychain fails, whose code the error has", () =>
    Effect.gen(function* () {
      const { directory, file } = yield* sealed
      const locked = new CredentialStoreError({ reason: "Unreadable", detail: "it is locked", code: "KeychainLocked" })
      const codec = FileCodec.make({ ...makeMemoryKeychain(), get: () => Effect.fail(locked) }, (effect) => effect)
      yield* assertRefused(alone(directory, codec), file, "it is locked")
      assert.strictEqual((yield* Effect.flip(alone(directory, codec).load(key))).code, "KeychainLocked")
    }))

  it.scopedLive.each<[string, (text: string) => string]>([
    [
      "with another letter",
      (text) => text.replace(/("text": ")(.)/, (_, before, letter) => `${before}${letter === "A" ? "B" : "A"}`)
    ],
    ["that is cut", (text) => text.slice(0, -9)],
    ["without its nonce", (text) => text.replace("nonce", "nonsense")],
    ["with no object in it", () => '{"version":2,"encrypted":7}']
  ])("%s is damaged: it is moved aside, byte for byte", ([, damage]) =>
    Effect.gen(function* () {
      const { directory, file, store } = yield* sealed
      const text = damage(fs.readFileSync(file, "utf8"))
      fs.writeFileSync(file, text)
      assert.deepStrictEqual(yield* store.list, [])
      const [loaded, said] = yield* listening(store.load(key))
      assert.isTrue(Option.isNone(loaded))
      const aside = fileIn(directory)
      assert.isTrue(aside.startsWith(`${file}.damaged-`), aside)
      assert.strictEqual(fs.readFileSync(aside, "utf8"), text)
      assert.include(said, aside)
      yield* put(store, key, Option.some(withToken("again")))
      assert.strictEqual(tokenOf(yield* store.load(key)), "again")
    }))

  it.scopedLive("of another server is damaged in the place of this one", () =>
    Effect.gen(function* () {
      const { directory, file, store } = yield* sealed
      const other: CredentialKey = { serverUrl: "https://other.example/" }
      yield* put(store, other, Option.some(withToken("other")))
      const name = listed(directory).find((each) => each !== basename(file)) ?? ""
      fs.copyFileSync(join(directory, "credentials", name), file)
      const [loaded] = yield* listening(store.load(key))
      assert.isTrue(Option.isNone(loaded))
      assert.strictEqual(tokenOf(yield* store.load(other)), "other")
    }))

  it.scopedLive("is not begun where the keychain could not encrypt it: the function is not run", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const locked = new CredentialStoreError({ reason: "Unreadable", detail: "it is locked", code: "KeychainLocked" })
      const store = alone(
        directory,
        FileCodec.make({ ...makeMemoryKeychain(), get: () => Effect.fail(locked) }, (effect) => effect)
      )
      const begin = (reserve: boolean) => store.modify(key, () => Effect.die("it ran"), { reserve })
      for (const reserve of [false, true]) {
        const error = yield* Effect.flip(begin(reserve))
        assert.deepInclude(error, { reason: "Unwritable", code: "KeychainLocked" })
      }
      assert.deepStrictEqual(listed(directory), [])
      // A refresh token in the clear is not spent either, but it can be forgotten.
      yield* put(alone(directory), key, Option.some(withToken("s3cret")))
      assert.strictEqual((yield* Effect.flip(begin(true))).code, "KeychainLocked")
      yield* put(store, key, Option.none())
      assert.deepStrictEqual(listed(directory), [])
    }))

  it.scopedLive("is waited for by its own reader alone while the keychain asks the person", () =>
    Effect.gen(function* () {
      const { directory, other } = yield* sealed
      const asked = yield* Deferred.make<void>()
      let isFirst = true
      const store = alone(directory, (name) => ({
        ...other(name),
        open: (text) => {
          if (!isFirst) return other(name).open(text)
          isFirst = false
          return Effect.zipRight(Deferred.succeed(asked, undefined), Effect.never)
        }
      }))
      const waiting = yield* Effect.fork(store.load(key))
      yield* Deferred.await(asked)
      const elsewhere = { serverUrl: "https://other.example/" }
      yield* Effect.timeout(put(store, elsewhere, Option.some(withToken("other"))), "5 seconds")
      assert.strictEqual(tokenOf(yield* Effect.timeout(store.load(key), "5 seconds")), "s3cret")
      yield* Effect.timeout(Fiber.interrupt(waiting), "5 seconds")
    }))

  it.scopedLive("that is written anew while it is found damaged is not moved aside", () =>
    Effect.gen(function* () {
      const { directory, file, other } = yield* sealed
      const whole = fs.readFileSync(file, "utf8")
      fs.writeFileSync(file, whole.replace("nonce", "nonsense"))
      let opened = 0
      const store = alone(directory, (name) => ({
        ...other(name),
        // The second look is the one in its turn.
        open: (text) =>
          Effect.ensuring(
            other(name).open(text),
            Effect.sync(() => ++opened === 2 && fs.writeFileSync(file, whole))
          )
      }))
      const [loaded, said] = yield* listening(store.load(key))
      assert.strictEqual(tokenOf(loaded), "s3cret")
      assert.strictEqual(said, "")
      assert.deepStrictEqual(listed(directory), [basename(file)])
    }))
})

describe("one folder, with and without encryption", () => {
  it.scopedLive("has one set of turns", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const clear = yield* open({ appName: "test", directory })
      const encrypted = yield* open({ appName: "test", directory, encrypt: true })
      assert.notStrictEqual<unknown>(clear, encrypted)
      assert.strictEqual<unknown>(encrypted, yield* open({ appName: "test", directory, encrypt: true }))
      let isHeld = false
      const has = yield* Deferred.make<void>()
      const waits = yield* Deferred.make<void>()
      const holding = yield* Effect.fork(Effect.scoped(Effect.gen(function* () {
        yield* clear.exclusively!("sign in")
        isHeld = true
        yield* Deferred.succeed(has, undefined)
        yield* Deferred.await(waits)
        isHeld = false
      })))
      yield* Deferred.await(has)
      yield* Effect.scoped(
        encrypted.exclusively!("sign in", { onHolder: () => Effect.runSync(Deferred.succeed(waits, undefined)) })
      )
      assert.isFalse(isHeld)
      yield* Fiber.join(holding)
    }))
})

describe("layerFile with encryption", () => {
  it.scopedLive.skipIf(process.platform !== "linux")(
    "writes nothing where there is no keychain, and says why",
    () =>
      Effect.gen(function* () {
        const directory = yield* folder
        const before = process.env["DBUS_SESSION_BUS_ADDRESS"]
        process.env["DBUS_SESSION_BUS_ADDRESS"] = `unix:path=${join(directory, "nothing")}`
        yield* Effect.addFinalizer(() =>
          Effect.sync(() => {
            if (before === undefined) delete process.env["DBUS_SESSION_BUS_ADDRESS"]
            else process.env["DBUS_SESSION_BUS_ADDRESS"] = before
          })
        )
        const layer = layerFile({ appName: "tool", directory, encrypt: true })
        const store = yield* Effect.provide(Effect.map(CredentialStore, (store) => store), layer)
        const error = yield* Effect.flip(put(store, key, Option.some(withToken("s3cret"))))
        assert.match(error.code ?? "", /^Keychain/)
        assert.deepStrictEqual(listed(directory), [])
      })
  )

  it.live.each(["yes", 1, null])(
    "fails for `encrypt: %j`: who means it must not find files in the clear",
    (encrypt) =>
      Effect.gen(function* () {
        const layer = layerFile({ appName: "tool", encrypt: encrypt as never })
        const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
        assert.strictEqual(error._tag, "InvalidOptions")
        assert.strictEqual(error.option, "encrypt")
      })
  )
})
