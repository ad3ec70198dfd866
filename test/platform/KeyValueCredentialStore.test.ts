import { KeyValueStore } from "@effect/platform"
import { SystemError } from "@effect/platform/Error"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, Layer, Option } from "effect"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { layerKeyValueStore } from "../../src/platform.ts"
import { CredentialStore, type CredentialStoreError } from "../../src/services/CredentialStore.ts"
import { credentialStoreLaws } from "../fixtures/credentialStoreLaws.ts"
import { withToken } from "../fixtures/StoredTokens.ts"

const key = { serverUrl: `https://mcp.example/api-key/${"x".repeat(400)}`, account: "me" }
const put = (store: CredentialStore, token: string) =>
  store.modify(key, () => Effect.succeed([undefined, Option.some(withToken(token))] as const))

const over = (entries: KeyValueStore.KeyValueStore) =>
  Effect.map(
    Layer.build(Layer.provide(layerKeyValueStore, Layer.succeed(KeyValueStore.KeyValueStore, entries))),
    Context.get(CredentialStore)
  )
/** A store over a map that the test can look into. */
const overMap = (kept: Map<string, string>, fails: { on?: "get" | "set" | "remove" } = {}) => {
  const act = <A>(method: "get" | "set" | "remove", value: string, run: () => A) =>
    Effect.suspend(() =>
      fails.on !== method ? Effect.sync(run) : new SystemError({
        reason: "PermissionDenied",
        module: "KeyValueStore",
        method,
        description: value,
        cause: new Error(value)
      })
    )
  return over(KeyValueStore.makeStringOnly({
    get: (name) => act("get", kept.get(name) ?? "", () => Option.fromNullable(kept.get(name))),
    set: (name, value) => act("set", value, () => void kept.set(name, value)),
    remove: (name) => act("remove", kept.get(name) ?? "", () => void kept.delete(name)),
    clear: Effect.sync(() => kept.clear()),
    size: Effect.sync(() => kept.size)
  }))
}

credentialStoreLaws("layerKeyValueStore of a map", Effect.suspend(() => overMap(new Map())), { lists: false })

credentialStoreLaws(
  "layerKeyValueStore of files",
  Effect.gen(function* () {
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => fs.mkdtempSync(join(tmpdir(), "key-value-"))),
      (path) => Effect.sync(() => fs.rmSync(path, { recursive: true, force: true }))
    )
    const entries = Layer.provide(KeyValueStore.layerFileSystem(directory), NodeContext.layer)
    return Context.get(yield* Layer.build(Layer.provide(layerKeyValueStore, entries)), CredentialStore)
  }),
  { lists: false }
)

describe("layerKeyValueStore", () => {
  it.scopedLive("names its entries by its own prefix and a hash, and keeps what they say", () =>
    Effect.gen(function* () {
      const kept = new Map([["mine", "left alone"]])
      const store = yield* overMap(kept)
      yield* put(store, "token")
      const [name = "", text = ""] = [...kept].find(([name]) => name !== "mine") ?? []
      assert.match(name, /^effect-oauth-callback\.[\da-f]{64}$/)
      const fields = JSON.parse(text)
      assert.deepStrictEqual(fields, {
        version: 1,
        server: key.serverUrl,
        account: "me",
        issuer: "https://as.example",
        tokens: { accessToken: "token" }
      })
      const more = { ...fields, note: "n", tokens: { ...fields.tokens, id_token: "identity" } }
      kept.set(name, JSON.stringify(more))
      yield* store.modify(key, (current) => Effect.succeed([undefined, current] as const))
      assert.deepStrictEqual(JSON.parse(kept.get(name) ?? ""), more)
      yield* store.modify(key, () => Effect.succeed([undefined, Option.none()] as const))
      assert.deepStrictEqual([...kept], [["mine", "left alone"]])
    }))

  it.scopedLive("is one store for one key-value store: two layers wait for each other", () =>
    Effect.gen(function* () {
      const entries = yield* Effect.map(
        Layer.build(KeyValueStore.layerMemory),
        Context.get(KeyValueStore.KeyValueStore)
      )
      const [one, two] = [yield* over(entries), yield* over(entries)]
      const [started, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const first = yield* Effect.fork(one.modify(key, () =>
        Effect.zipRight(Deferred.succeed(started, undefined), Deferred.await(go)).pipe(
          Effect.as([undefined, Option.some(withToken("one"))] as const)
        )))
      yield* Deferred.await(started)
      const second = yield* Effect.fork(two.modify(key, (current) =>
        Effect.succeed([current, current] as const)))
      yield* Effect.sleep("10 millis")
      yield* Deferred.succeed(go, undefined)
      yield* Fiber.join(first)
      assert.isTrue(Option.isSome(yield* Fiber.join(second)))
    }))

  const assertError = (error: CredentialStoreError, reason: string, ...words: ReadonlyArray<string>) => {
    assert.strictEqual(error.reason, reason)
    for (const word of words) assert.include(error.message, word)
    assert.notMatch(error.message, /\.$/)
    assert.notInclude(`${inspect(error, { depth: null })} ${JSON.stringify(error)} ${String(error)}`, "s3cret")
  }

  it.scopedLive("says what the key-value store could not do, and repeats nothing that it was given", () =>
    Effect.gen(function* () {
      const fails: { on?: "get" | "set" | "remove" } = {}
      const store = yield* overMap(new Map(), fails)
      yield* put(store, "s3cret")
      fails.on = "get"
      const unreadable = yield* Effect.flip(store.load(key))
      assertError(unreadable, "Unreadable", "(PermissionDenied): ")
      assert.strictEqual(unreadable.code, "PermissionDenied")
      fails.on = "set"
      assertError(yield* Effect.flip(put(store, "s3cret")), "Unwritable", "PermissionDenied")
      fails.on = "remove"
      const remove = store.modify(key, () => Effect.succeed([undefined, Option.none()] as const))
      assertError(yield* Effect.flip(remove), "Unwritable", "PermissionDenied")
    }))

  it.scopedLive("leaves alone what it cannot read, and says which entry it is", () =>
    Effect.gen(function* () {
      const kept = new Map<string, string>()
      const store = yield* overMap(kept)
      yield* put(store, "token")
      const [name = ""] = kept.keys()
      for (
        const [text, reason, word] of [
          [`{"s3cret`, "Damaged", "Remove it"],
          [`{"version":2,"vault":"s3cret"}`, "Unreadable", "newer version"]
        ] as const
      ) {
        kept.set(name, text)
        assertError(yield* Effect.flip(store.load(key)), reason, name, word)
        assertError(yield* Effect.flip(put(store, "new")), reason, name, word)
        assert.strictEqual(kept.get(name), text)
      }
    }))
})
