import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { inspect } from "node:util"
import * as Keychain from "../../../src/runtime/keychain/Keychain.ts"

type Entry = InstanceType<Keychain.KeyringLibrary["AsyncEntry"]>

/** A library whose entries do what they are told. */
const library = (entry: Partial<Entry>): Keychain.KeyringLibrary => ({
  AsyncEntry: class {
    getPassword = entry.getPassword ?? (() => Promise.resolve(null))
    setPassword = entry.setPassword ?? (() => Promise.resolve())
    deletePassword = entry.deletePassword ?? (() => Promise.resolve(true))
  }
})

const on = (platform: string, load: Keychain.KeychainWorld["load"], env: Keychain.KeychainWorld["env"] = {}) =>
  Keychain.make("test", { platform, env, load })

const onMac = (entry: Partial<Entry>) => on("darwin", () => Promise.resolve(library(entry)))

const notFound = (name: string) =>
  Object.assign(new Error(`Cannot find package '${name}' imported from /a/b.js`), { code: "ERR_MODULE_NOT_FOUND" })

describe("a keychain", () => {
  it.live("without its package names the install line and the store in files", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(on("darwin", () => Promise.reject(notFound("@napi-rs/keyring"))).get("a"))
      assert.strictEqual(error.reason, "Unreadable")
      assert.strictEqual(error.code, "KeychainPackageMissing")
      assert.include(error.detail, "npm install @napi-rs/keyring")
      assert.include(error.detail, "layerFile({ appName })")
    }))

  it.live("whose package lacks its binary for this system says what the package says", () =>
    Effect.gen(function* () {
      for (const thrown of [notFound("@napi-rs/keyring-linux-x64-gnu"), new Error("Cannot find native binding.")]) {
        const error = yield* Effect.flip(on("win32", () => Promise.reject(thrown)).get("a"))
        assert.strictEqual(error.code, "KeychainPackageBroken")
        assert.include(error.detail, "annot find")
      }
    }))

  it.live("is none on a system without one, and loads nothing there", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(on("freebsd", () => assert.fail("loaded")).get("a"))
      assert.strictEqual(error.code, "KeychainSystemUnknown")
    }))

  it.live("on Linux without D-Bus is an error before the library is asked for anything", () =>
    Effect.gen(function* () {
      let asked = 0
      const AsyncEntry = class extends library({}).AsyncEntry {
        constructor() {
          super("", "")
          asked++
        }
      }
      const keychain = on("linux", () => Promise.resolve({ AsyncEntry }))
      for (const act of [keychain.get("a"), keychain.set("a", "b"), keychain.delete("a")]) {
        assert.strictEqual((yield* Effect.flip(act)).code, "KeychainBusless")
      }
      assert.strictEqual(asked, 0)
    }))

  it.live("is looked for again when it was not there, and not when it was", () =>
    Effect.gen(function* () {
      let loads = 0
      const keychain = on("darwin", () => {
        loads++
        return loads === 1 ? Promise.reject(new Error("busy")) : Promise.resolve(library({}))
      })
      yield* Effect.flip(keychain.get("a"))
      assert.isUndefined(yield* keychain.get("a"))
      assert.isUndefined(yield* keychain.get("a"))
      assert.strictEqual(loads, 2)
    }))

  it.live("that fails says so without what it was given, in whatever form the library quotes it", () =>
    Effect.gen(function* () {
      const secret = "s3cret-refresh-token"
      const keychain = onMac({
        getPassword: () => Promise.reject(new Error("User interaction is not allowed.")),
        setPassword: (text) =>
          Promise.reject(Object.assign(new Error(`cannot keep ${text}`), { password: text, cause: new Error(text) })),
        deletePassword: () => Promise.reject(new Error("code 5"))
      })
      const error = yield* Effect.flip(keychain.set("a", secret))
      assert.strictEqual(error.reason, "Unwritable")
      assert.include(error.detail, "the keychain fails (cannot keep ***). Check it")
      assert.notInclude(inspect(error, { depth: null }) + JSON.stringify(error) + String(error), secret)
      assert.strictEqual((yield* Effect.flip(keychain.get("a"))).code, "KeychainLocked")
      assert.include((yield* Effect.flip(keychain.delete("a"))).detail, "the keychain fails (code 5)")
    }))

  it.live("that throws instead of answering fails the same way, and goes on after it", () =>
    Effect.gen(function* () {
      let calls = 0
      const keychain = onMac({
        getPassword: () => {
          if (calls++ === 0) throw new Error("broken")
          return Promise.resolve("text")
        }
      })
      assert.strictEqual((yield* Effect.flip(keychain.get("a"))).code, "KeychainFailed")
      assert.strictEqual(yield* keychain.get("a"), "text")
    }))

  it.live("that never answers holds up nobody who is interrupted, and takes one thread of the runtime at most", () =>
    Effect.gen(function* () {
      const started = yield* Deferred.make<void>()
      let running = 0
      let finish: (text: string) => void = () => {}
      const keychain = onMac({
        getPassword: () => {
          running++
          Effect.runSync(Deferred.succeed(started, undefined))
          return new Promise((resolve) => finish = resolve)
        }
      })
      const hung = yield* Effect.fork(keychain.get("a"))
      yield* Deferred.await(started)
      const others = yield* Effect.forEach(["b", "c", "d"], (account) => Effect.fork(keychain.get(account)))
      yield* Effect.timeout(Fiber.interruptAll([hung, ...others]), "2 seconds")
      const next = yield* Effect.fork(keychain.get("e"))
      yield* Effect.yieldNow()
      assert.strictEqual(running, 1)
      finish("late")
      while (running < 2) yield* Effect.yieldNow()
      finish("mine")
      assert.strictEqual(yield* Fiber.join(next), "mine")
      // Those who were interrupted while they waited were never begun.
      assert.strictEqual(running, 2)
    }))

  it.live("uses an entry again, and another one when the keychain was restarted, but asks no person twice", () =>
    Effect.gen(function* () {
      let made = 0
      let fails: string | undefined
      const AsyncEntry = class extends library({}).AsyncEntry {
        readonly isFirst = ++made === 1
        override getPassword = () =>
          fails !== undefined && this.isFirst ? Promise.reject(new Error(fails)) : Promise.resolve("text")
      }
      const keychain = on("darwin", () => Promise.resolve({ AsyncEntry }))
      for (let time = 0; time < 300; time++) yield* keychain.get("a")
      assert.strictEqual(made, 1)
      fails = "the connection is closed"
      assert.strictEqual(yield* keychain.get("a"), "text")
      assert.strictEqual(made, 2)
      for (let account = 0; account < 100; account++) yield* keychain.get(String(account))
      assert.strictEqual(made, 102)
      made = 0
      fails = undefined
      yield* keychain.get("b")
      fails = "unlock prompt was dismissed"
      assert.strictEqual((yield* Effect.flip(keychain.get("b"))).code, "KeychainDismissed")
      assert.strictEqual(made, 1)
    }))

  it.live("has room for 1,280 letters in an entry on Windows, and for any number elsewhere", () =>
    Effect.sync(() => {
      assert.strictEqual(on("win32", () => assert.fail()).limit, 1280)
      assert.strictEqual(on("linux", () => assert.fail()).limit, Number.POSITIVE_INFINITY)
    }))
})
