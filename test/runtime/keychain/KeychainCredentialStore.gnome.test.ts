import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { mkdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { inspect } from "node:util"
import type { CredentialStore } from "../../../src/services/CredentialStore.ts"
import { make, ownKeychain } from "../../../src/runtime/keychain/KeychainCredentialStore.ts"
import * as FileCodec from "../../../src/runtime/keychain/FileCodec.ts"
import { makeHome, missingKeyring, openSession, runIn, type Session } from "../../fixtures/GnomeKeyring.ts"

const missing = missingKeyring()
if (missing !== undefined) console.log(`skipped: the tests with a real keychain, because ${missing}`)

const variables = ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"]
/** Has this process in a session while a test runs: the library reads the process's own environment. */
const inSession = <A, E>(session: Session | undefined, effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const before = variables.map((name) => [name, process.env[name]] as const)
      for (const name of variables) {
        const value = session?.env[name]
        if (value === undefined) delete process.env[name]
        else process.env[name] = value
      }
      return before
    }),
    () => effect,
    (before) =>
      Effect.sync(() => {
        for (const [name, value] of before) {
          if (value === undefined) delete process.env[name]
          else process.env[name] = value
        }
      })
  )

const key = { serverUrl: "https://mcp.example/" }
const withToken = (token: string) => ({ issuer: "https://as.example", tokens: { accessToken: Redacted.make(token) } })
const put = (store: CredentialStore, token: string, at = key) =>
  store.modify(at, () => Effect.succeed([undefined, Option.some(withToken(token))] as const))
const tokenIn = (store: CredentialStore, at = key) =>
  Effect.map(
    store.load(at),
    (found) =>
      Option.isNone(found) || found.value.tokens === undefined
        ? undefined
        : Redacted.value(found.value.tokens.accessToken)
  )
const args = (...actions: ReadonlyArray<ReadonlyArray<string>>) => actions.map((action) => JSON.stringify(action))

let home = ""
beforeAll(() => {
  if (missing === undefined) home = makeHome()
})
afterAll(() => {
  if (home !== "") rmSync(home, { recursive: true, force: true })
})

describe.skipIf(missing !== undefined)("a store in a real GNOME Keyring", () => {
  let session: Session | undefined
  const storeOf = (appName: string) => make({ keychain: ownKeychain(appName), folder: join(home, appName) })

  beforeAll(async () => {
    session = await openSession(home, "unlocked")
  })
  afterAll(async () => await session?.close())

  it.live("keeps, lists, replaces and removes credentials, for each program by itself", () =>
    inSession(
      session,
      Effect.gen(function* () {
        const [store, other] = [storeOf("one"), storeOf("two")]
        assert.isUndefined(yield* tokenIn(store))
        yield* put(store, "first")
        yield* put(store, "second \u0000 \u{1f511}")
        yield* put(store, "theirs", { serverUrl: "https://other.example/" })
        assert.strictEqual(yield* tokenIn(store), "second \u0000 \u{1f511}")
        assert.strictEqual((yield* store.list).length, 2)
        assert.isUndefined(yield* tokenIn(other))
        assert.deepStrictEqual(yield* other.list, [])
        yield* store.modify(key, () => Effect.succeed([undefined, Option.none()] as const))
        assert.isUndefined(yield* tokenIn(store))
        assert.deepStrictEqual(yield* store.list, [{ serverUrl: "https://other.example/" }])
      })
    ))

  it.live("keeps a megabyte, in one entry and, under the limit of Windows, in many", () =>
    inSession(
      session,
      Effect.gen(function* () {
        const big = "0123456789abcdef".repeat(65_536)
        yield* put(storeOf("big"), big)
        assert.strictEqual(yield* tokenIn(storeOf("big")), big)
        const limited = () => make({ keychain: { ...ownKeychain("split"), limit: 1280 }, folder: join(home, "split") })
        yield* put(limited(), big.slice(0, 12_000))
        assert.strictEqual(yield* tokenIn(limited()), big.slice(0, 12_000))
        yield* put(limited(), "short")
        assert.strictEqual(yield* tokenIn(limited()), "short")
      })
    ))

  it.live("is read by another process, and reads what another one wrote, encrypted files too", () =>
    inSession(
      session,
      Effect.gen(function* () {
        const env = session?.env ?? {}
        const keychain = ownKeychain("keychain-test")
        const store = make({ keychain, folder: join(home, ".config", "keychain-test", "keychain") })
        const codec = FileCodec.make(keychain, (effect) => effect)("file")
        yield* put(store, "of this process")
        const sealed = yield* codec.seal("sealed here")
        const before = store.revision?.(key)
        const [loaded, opened, kept, theirs] = JSON.parse(
          yield* Effect.promise(() =>
            runIn(
              env,
              "useKeychain",
              ...args(["load", key.serverUrl], ["open", "file", sealed], ["put", key.serverUrl, "of another"], [
                "seal",
                "file",
                "sealed there"
              ])
            )
          )
        )
        assert.deepStrictEqual([loaded, opened, kept], ["of this process", "sealed here", "kept"])
        assert.notStrictEqual(store.revision?.(key), before)
        assert.strictEqual(yield* tokenIn(store), "of another")
        assert.strictEqual(yield* codec.open(theirs), "sealed there")
      })
    ))

  it.live("never uses the keyring of the kernel", () =>
    inSession(
      session,
      Effect.gen(function* () {
        yield* put(storeOf("kernel-test"), "token")
        assert.notInclude(readFileSync("/proc/keys", "utf8"), "kernel-test")
      })
    ))
})

describe.skipIf(missing !== undefined)("a keychain that cannot be used", () => {
  const failing = (appName: string, act: (store: CredentialStore) => Effect.Effect<unknown, unknown>) =>
    Effect.flip(act(make({ keychain: ownKeychain(appName), folder: join(home, appName) }))) as Effect.Effect<
      { readonly code: string; readonly reason: string; readonly message: string },
      unknown
    >
  const within = <A, E>(kind: "unlocked" | "locked" | "none", effect: Effect.Effect<A, E>) =>
    Effect.acquireUseRelease(
      Effect.promise(() => openSession(home, kind)),
      (session) => inSession(session, effect),
      (session) => Effect.promise(session.close)
    )
  it.live("because it is locked says so, and has what it had when it is unlocked again", () =>
    Effect.gen(function* () {
      const store = () => make({ keychain: ownKeychain("locked"), folder: join(home, "locked") })
      yield* within("unlocked", put(store(), "s3cret"))
      const errors = yield* within(
        "locked",
        Effect.all([failing("locked", tokenIn), failing("locked", (store) => put(store, "s3cret-new"))])
      )
      for (const error of errors) {
        assert.strictEqual(error.code, "KeychainDismissed")
        assert.include(error.message, "the keychain is locked")
        assert.include(error.message, "Unlock it, or keep credentials in files: `layerFile({ appName })`")
        assert.notInclude(inspect(error, { depth: null }), "s3cret")
      }
      assert.strictEqual(yield* within("unlocked", tokenIn(store())), "s3cret")
    }))

  it.live("because the session has no Secret Service, or there is no session, says so and keeps nothing elsewhere", () =>
    Effect.gen(function* () {
      const put_ = (store: CredentialStore) => put(store, "s3cret")
      const service = yield* within("none", failing("absent", put_))
      assert.strictEqual(service.code, "KeychainServiceMissing")
      const bus = yield* inSession(undefined, failing("absent", put_))
      assert.strictEqual(bus.code, "KeychainBusless")
      mkdirSync(join(home, "elsewhere"))
      const gone = yield* inSession(
        { env: { XDG_RUNTIME_DIR: join(home, "elsewhere") }, close: () => Promise.resolve() },
        failing("absent", put_)
      )
      assert.strictEqual(gone.code, "KeychainBusUnreachable")
      for (const error of [service, bus, gone]) assert.include(error.message, "layerFile({ appName })")
      assert.notInclude(readFileSync("/proc/keys", "utf8"), "absent")
    }))
})
