/**
 * What all `McpOAuth` objects of this process share for one server and account of one store.
 */
import { type CredentialKey, keyText } from "../core/mcp/Credentials.ts"
import type { CredentialStore } from "../services/CredentialStore.ts"

/** Something that is shared: made when it is first asked for, and kept as long as the store is. */
export const byStoreAndKey = <A>(make: () => A): (store: CredentialStore, key: CredentialKey) => A => {
  const byStore = new WeakMap<CredentialStore, Map<string, A>>()
  return (store, key) => {
    const ofStore = byStore.get(store) ?? new Map<string, A>()
    byStore.set(store, ofStore)
    const text = keyText(key)
    const shared = ofStore.get(text) ?? make()
    ofStore.set(text, shared)
    return shared
  }
}
