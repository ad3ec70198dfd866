/**
 * One sign-in at a time for one key of one store, for all `McpOAuth` objects of this process: the second finds the tokens
 * of the first. A lock between processes would be taken here too.
 */
import * as Effect from "effect/Effect"
import { type CredentialKey, type CredentialStore, keyText } from "../services/CredentialStore.ts"

const locks = new WeakMap<CredentialStore, Map<string, Effect.Semaphore>>()

/** Runs an effect when no other for this key runs; the next one begins when it has succeeded, failed or been interrupted. */
export const exclusively =
  (store: CredentialStore, key: CredentialKey) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      const ofStore = locks.get(store) ?? new Map<string, Effect.Semaphore>()
      locks.set(store, ofStore)
      const text = keyText(key)
      const semaphore = ofStore.get(text) ?? Effect.unsafeMakeSemaphore(1)
      ofStore.set(text, semaphore)
      return semaphore.withPermits(1)(effect)
    })
