/**
 * The credential store that a caller without Effect asks for by the option `store`.
 */
import * as Effect from "effect/Effect"
import type { InvalidOptions } from "../core/InvalidOptions.ts"
import { fileStore, keychainStore } from "../runtime/services.ts"
import { CredentialStore } from "../store/CredentialStore.ts"
import type { CreateMcpOAuthOptions } from "./McpOAuth.ts"
import { overTexts } from "./TextCredentialStore.ts"

/** The store of the option, which is checked. */
export const storeFor = (store: CreateMcpOAuthOptions["store"]): Effect.Effect<CredentialStore, InvalidOptions> => {
  if (store === undefined) return CredentialStore.memory
  if ("get" in store) return Effect.succeed(overTexts(store))
  return store.keychain === true ? keychainStore(store) : fileStore(store)
}
