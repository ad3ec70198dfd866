/**
 * A credential store over a caller's own store of texts.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { decode, keyText, secretsOf } from "../core/mcp/Credentials.ts"
import { type CredentialStore, CredentialStoreError, failedBy, make, toText } from "../services/CredentialStore.ts"
import type { TextStore } from "./McpOAuth.ts"

const over = (texts: TextStore): CredentialStore =>
  make({
    read: (key) =>
      Effect.gen(function* () {
        const text = yield* Effect.tryPromise({
          try: async () => await texts.get(keyText(key)),
          catch: (error) => failedBy("Unreadable", error)
        })
        if (text === undefined || text === null) return Option.none()
        return Option.some(
          yield* Either.mapLeft(decode(text), (problem) =>
            new CredentialStoreError({
              reason: "Damaged",
              detail: `what is stored for ${key.serverUrl.replace(/[?#].*$/s, "")} cannot be used: ${problem}. ` +
                "Remove it and sign in again"
            }))
        )
      }),
    write: (key, value) =>
      Effect.gen(function* () {
        const secrets = Option.isNone(value) ? [] : secretsOf(value.value)
        const text = Option.isNone(value) ? undefined : yield* toText(key, value.value)
        yield* Effect.tryPromise({
          try: async () => void await (text === undefined ? texts.delete(keyText(key)) : texts.set(keyText(key), text)),
          // The error of the store may quote the text that it was given.
          catch: (error) => failedBy("Unwritable", error, secrets)
        })
      })
  })

// One credential store for each store of texts, because the locks belong to the credential store.
const stores = new WeakMap<TextStore, CredentialStore>()

/** The credential store: one text for each server and account. */
export const overTexts = (texts: TextStore): CredentialStore => {
  const store = stores.get(texts) ?? over(texts)
  stores.set(texts, store)
  return store
}
