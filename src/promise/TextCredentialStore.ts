/**
 * A credential store over a caller's own store of texts.
 */
import * as Effect from "effect/Effect"
import type { CredentialStore } from "../services/CredentialStore.ts"
import { over as overBackend } from "../store/TextBackend.ts"
import type { TextStore } from "./McpOAuth.ts"

/** Whatever a function of the caller gives or throws. */
const asked = <A>(ask: () => A | Promise<A>): Effect.Effect<A, unknown> =>
  Effect.tryPromise({ try: async () => await ask(), catch: (error) => error })

const over = (texts: TextStore): CredentialStore =>
  overBackend({
    get: (name) => asked(() => texts.get(name)),
    set: (name, text) => asked(() => texts.set(name, text)),
    delete: (name) => asked(() => texts.delete(name))
  })

// One credential store for each store of texts, because turns within the process belong to the credential store.
const stores = new WeakMap<TextStore, CredentialStore>()

/** The credential store: one text for each server and account. */
export const overTexts = (texts: TextStore): CredentialStore => {
  const store = stores.get(texts) ?? over(texts)
  stores.set(texts, store)
  return store
}
