/**
 * What all `McpOAuth` objects of this process share for one server and account of one store.
 */
import { type CredentialKey, keyText } from "../core/mcp/Credentials.ts"
import type { CredentialStore } from "../services/CredentialStore.ts"

/** Something that is shared for each store and key. */
export interface ByStoreAndKey<A> {
  /** Made when it is first asked for, and kept as long as the store is. */
  (store: CredentialStore, key: CredentialKey): A
  /** What was made before, if anything. It makes nothing, so that a mere look-up for any server takes no memory. */
  readonly made: (store: CredentialStore, key: CredentialKey) => A | undefined
}

/** Shares what `make` makes. */
export const byStoreAndKey = <A>(make: () => A): ByStoreAndKey<A> => {
  const byStore = new WeakMap<CredentialStore, Map<string, A>>()
  const shared = (store: CredentialStore, key: CredentialKey): A => {
    const ofStore = byStore.get(store) ?? new Map<string, A>()
    byStore.set(store, ofStore)
    const text = keyText(key)
    const found = ofStore.get(text) ?? make()
    ofStore.set(text, found)
    return found
  }
  return Object.assign(shared, {
    made: (store: CredentialStore, key: CredentialKey) => byStore.get(store)?.get(keyText(key))
  })
}
