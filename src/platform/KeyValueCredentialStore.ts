/**
 * Any `KeyValueStore` of `@effect/platform` as credential store.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as KeyValueStore from "@effect/platform/KeyValueStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type CredentialKey, type Credentials, secretsOf } from "../core/mcp/Credentials.ts"
import * as ThrownValue from "../core/mcp/ThrownValue.ts"
import { withoutStop } from "../core/text/SafeText.ts"
import { CredentialStore, CredentialStoreError } from "../services/CredentialStore.ts"
import { fromText, toText } from "../store/credentialText.ts"
import { make } from "../store/exclusiveStore.ts"
import { keyDigest } from "../store/keyId.ts"

// A hash: server URLs are longer than the file names of `layerFileSystem` may be, and some carry an API key.
const nameOf = (key: CredentialKey): Effect.Effect<string> =>
  Effect.map(keyDigest(key), (digest) => `effect-oauth-callback.${digest}`)

/** The error for a failure of the key-value store. @param secrets What the store was given, and may quote. */
const notDone =
  (reason: "Unreadable" | "Unwritable", secrets: ReadonlyArray<string> = []) =>
  (error: PlatformError): CredentialStoreError => {
    const code = error._tag === "SystemError" ? error.reason : error._tag
    const parts = ThrownValue.parts(error, secrets)
    return new CredentialStoreError({
      reason,
      detail: `the key-value store failed (${code}): ${withoutStop(parts[0].message.slice(0, 250))}. ` +
        "Check that it can be reached, and may be read and written",
      code,
      cause: ThrownValue.toCause(parts)
    })
  }

/** `layerFileSystem` fails to remove what is not there. */
const isMissing = (error: PlatformError): boolean => error._tag === "SystemError" && error.reason === "NotFound"

const over = (entries: KeyValueStore.KeyValueStore): CredentialStore => {
  const load = (key: CredentialKey) =>
    Effect.gen(function* () {
      const name = yield* nameOf(key)
      const text = yield* Effect.mapError(entries.get(name), notDone("Unreadable"))
      const entry = `the entry ${name} of the key-value store`
      return Option.isNone(text) ? Option.none() : Option.some(yield* fromText(entry, text.value))
    })
  const write = (key: CredentialKey, value: Option.Option<Credentials>) =>
    Effect.gen(function* () {
      const name = yield* nameOf(key)
      const writing = Option.isNone(value)
        ? Effect.catchIf(entries.remove(name), isMissing, () => Effect.void)
        : entries.set(name, yield* toText(key, value.value))
      yield* Effect.mapError(writing, notDone("Unwritable", Option.isNone(value) ? [] : secretsOf(value.value)))
    })
  return make({
    load,
    begin: (key) => Effect.succeed({ read: load(key), write: (value) => write(key, value) }),
    list: new CredentialStoreError({
      reason: "Unreadable",
      detail: "a KeyValueStore cannot list what it keeps. Use CredentialStore.make, with a backend that can"
    })
  })
}

// The locks are the credential store's, so there is one for each key-value store, however often the layer is built.
const stores = new WeakMap<KeyValueStore.KeyValueStore, CredentialStore>()

/**
 * Credentials in a `KeyValueStore`: one entry for each server and account, named `effect-oauth-callback.` and a hash, with
 * the text that the file store of `layerFile` writes too. The secrets in it are in the clear, so give it a store that only
 * this user can read.
 *
 * A key-value store that fails is `CredentialStoreError` of reason `Unreadable` or `Unwritable`; an entry of a newer
 * version is `Unreadable`, and one that is no credentials `Damaged`: only its owner can say what it is, so it is
 * left alone. Whether a write is atomic, and who else may write, is up to the key-value store.
 *
 * For one process: a key-value store has no way to compare and set, so changes are exclusive in this process alone, and two
 * processes over one key-value store may both spend a refresh token, which ends the sign-in at a server that notices. For
 * several use the file store, `layerRedis` of `effect-oauth-callback/redis`, or `CredentialStore.make` with `exclusively`. What is
 * kept cannot be listed.
 *
 * @example
 * ```ts
 * import { KeyValueStore } from "@effect/platform"
 * import { Layer } from "effect"
 * import { layerKeyValueStore } from "effect-oauth-callback/platform"
 *
 * const store = Layer.provide(layerKeyValueStore, KeyValueStore.layerMemory)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerKeyValueStore: Layer.Layer<CredentialStore, never, KeyValueStore.KeyValueStore> = Layer.effect(
  CredentialStore,
  Effect.map(KeyValueStore.KeyValueStore, (entries) => {
    const store = stores.get(entries) ?? over(entries)
    stores.set(entries, store)
    return store
  })
)
