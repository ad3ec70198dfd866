import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, FastCheck, Fiber, Layer, Option, Redacted } from "effect"
import { inspect } from "node:util"
import { keyText } from "../../src/core/mcp/Credentials.ts"
import { type Credentials, CredentialStoreError } from "../../src/services/CredentialStore.ts"
import { CredentialStore } from "../../src/store/CredentialStore.ts"
import { make } from "../../src/store/exclusiveStore.ts"
import { credentialStoreLaws } from "../fixtures/credentialStoreLaws.ts"

credentialStoreLaws("CredentialStore.memory", CredentialStore.memory)

const credentials: Credentials = {
  issuer: "https://as.example",
  tokens: { accessToken: Redacted.make("s3cret") }
}

describe("CredentialStore.memory", () => {
  it.effect("is new each time, and shared under its tag", () =>
    Effect.gen(function* () {
      const key = { serverUrl: "https://mcp.example/" }
      const one = yield* CredentialStore
      assert.strictEqual(yield* CredentialStore, one)
      yield* one.modify(key, () => Effect.succeed([undefined, Option.some(credentials)] as const))
      assert.isTrue(Option.isSome(yield* one.load(key)))
      const other = yield* CredentialStore.memory
      assert.isTrue(Option.isNone(yield* other.load(key)))
    }).pipe(Effect.provide(Layer.effect(CredentialStore, CredentialStore.memory))))

  it.effect("prints no token", () =>
    Effect.gen(function* () {
      const store = yield* CredentialStore.memory
      const key = { serverUrl: "https://mcp.example/" }
      yield* store.modify(key, () => Effect.succeed([undefined, Option.some(credentials)] as const))
      const loaded = yield* store.load(key)
      const printed = [
        JSON.stringify(loaded),
        String(loaded),
        inspect([store, loaded], { depth: null, showHidden: true })
      ]
      assert.notInclude(printed.join("\n"), "s3cret")
    }))
})

describe("make", () => {
  const unwritable = new CredentialStoreError({ reason: "Unwritable", detail: "the disk is full. Free some space" })
  const unreadable = new CredentialStoreError({ reason: "Damaged", detail: "it is no JSON. Sign in again" })

  it.effect("fails with what its backend fails with, and can be used again", () =>
    Effect.gen(function* () {
      let broken = true
      const store = make({
        list: Effect.succeed([]),
        load: () => Effect.succeedNone,
        begin: () =>
          Effect.succeed({
            read: Effect.succeedNone,
            write: () => broken ? Effect.fail(unwritable) : Effect.void
          })
      })
      const key = { serverUrl: "https://mcp.example/" }
      const put = store.modify(key, () => Effect.succeed(["done", Option.some(credentials)] as const))
      assert.strictEqual(yield* Effect.flip(put), unwritable)
      broken = false
      assert.strictEqual(yield* put, "done")
    }))

  it.effect("runs no function when what is kept cannot be read", () =>
    Effect.gen(function* () {
      let ran = false
      const read = Effect.fail(unreadable)
      const begin = () => Effect.succeed({ read, write: () => Effect.void })
      const store = make({ list: Effect.succeed([]), load: () => read, begin })
      const key = { serverUrl: "https://mcp.example/" }
      assert.strictEqual(yield* Effect.flip(store.load(key)), unreadable)
      const change = store.modify(key, (current) => {
        ran = true
        return Effect.succeed([undefined, current] as const)
      })
      assert.strictEqual(yield* Effect.flip(change), unreadable)
      assert.isFalse(ran)
    }))

  it.live("finishes a slow write though it is interrupted", () =>
    Effect.gen(function* () {
      const written: Array<Option.Option<Credentials>> = []
      const store = make({
        list: Effect.succeed([]),
        load: () => Effect.succeedNone,
        begin: () =>
          Effect.succeed({
            read: Effect.succeedNone,
            write: (value) => Effect.delay(Effect.sync(() => void written.push(value)), "10 millis")
          })
      })
      const writing = yield* Effect.fork(
        store.modify({ serverUrl: "https://mcp.example/" }, () =>
          Effect.succeed([undefined, Option.some(credentials)] as const))
      )
      yield* Effect.sleep("2 millis")
      const exit = yield* Fiber.interrupt(writing)
      assert.strictEqual(written.length, 1)
      assert.isTrue(Exit.isInterrupted(exit))
    }))
})

describe("keyText", () => {
  const server = FastCheck.oneof(
    FastCheck.webUrl({ withFragments: true, withQueryParameters: true }),
    FastCheck.constantFrom(
      "https://a.example",
      "https://a.example/#",
      "https://a.example/#x",
      "no url",
      "",
      "#",
      "%23"
    ),
    FastCheck.string()
  )
  const account = FastCheck.oneof(
    FastCheck.constantFrom("", "#", "%23", "a", "x#"),
    FastCheck.string({ unit: "binary" })
  )
  const href = (url: string) => URL.canParse(url) ? new URL(url).href : url

  type Keys = readonly [serverUrl: string, account: string, otherUrl: string, otherAccount: string]

  /** Two keys of any kind, or two that come out the same when they are only written one behind the other. */
  const keys: FastCheck.Arbitrary<Keys> = FastCheck.oneof(
    FastCheck.tuple(server, account, server, account),
    FastCheck.tuple(server, account, account).map((
      [url, one, two]
    ): Keys => [url, `${one}#${two}`, `${url}#${one}`, two])
  )

  it.prop("is the same text for the same server and account, and for no others", [keys], ([
    [serverUrl, account, otherUrl, otherAccount]
  ]) => {
    assert.strictEqual(
      keyText({ serverUrl, account }) === keyText({ serverUrl: otherUrl, account: otherAccount }),
      href(serverUrl) === href(otherUrl) && account === otherAccount
    )
    assert.strictEqual(keyText({ serverUrl: href(serverUrl), account }), keyText({ serverUrl, account }))
  }, { fastCheck: { numRuns: 300 } })

  // `load` and `modify` promise an effect that fails, not a throw: half a character is text, too.
  it("takes any text for an account, also half a character", () => {
    assert.doesNotThrow(() => keyText({ serverUrl: "https://mcp.example/", account: "\ud83d" }))
  })
})

describe("CredentialStoreError", () => {
  it.each(["Unreadable", "Unwritable", "Damaged", "Locked"] as const)(
    "says what cannot be done, and why: %s",
    (reason) => {
      const error = new CredentialStoreError({ reason, detail: "the file is held by another program. Try again" })
      const what = reason === "Unwritable" || reason === "Locked" ? "write" : "read"
      assert.strictEqual(error.message, `Cannot ${what} stored credentials: ${error.detail}`)
      assert.include(Cause.pretty(Cause.fail(error)), error.message)
      assert.strictEqual(error._tag, "CredentialStoreError")
    }
  )
})
