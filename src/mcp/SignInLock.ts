/**
 * One sign-in at a time for one server and account of one store, however many objects of this process ask for it: the
 * second finds the first one's tokens. This is the seam for a lock between processes.
 */
import * as Effect from "effect/Effect"
import { type CredentialKey, type CredentialStore, keyText } from "../services/CredentialStore.ts"

const locks = new WeakMap<CredentialStore, Map<string, Effect.Semaphore>>()

/** Runs alone. Whoever waits is let in when the one before is done, failed or interrupted. */
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
