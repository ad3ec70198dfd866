/**
 * What all `McpOAuth` objects of this process share for one key of one store: one sign-in at a time, of which the second
 * object finds the tokens; and how the last one ended, so that the second does not ask a person who has just said no.
 * `SignInTurn` does the same among processes.
 */
import * as Effect from "effect/Effect"
import type * as PersonGuard from "../core/mcp/PersonGuard.ts"
import * as OneAtATime from "../effect/OneAtATime.ts"
import type { CredentialKey, CredentialStore } from "../services/CredentialStore.ts"
import { byStoreAndKey } from "./byStoreAndKey.ts"

interface Shared {
  readonly turns: OneAtATime.OneAtATime
  inVain: PersonGuard.PersonGuard["inVain"]
}

const sharedOf = byStoreAndKey<Shared>(() => ({ turns: OneAtATime.make(), inVain: undefined }))

/** Runs an effect when no other for this key runs; the next one begins when it has succeeded, failed or been interrupted. */
export const exclusively =
  (store: CredentialStore, key: CredentialKey) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => sharedOf(store, key).turns.run(effect))

/** How the last sign-in was in vain; `undefined`: it was not, or the program has asked for another one since. */
export const inVain = (store: CredentialStore, key: CredentialKey): PersonGuard.PersonGuard["inVain"] =>
  sharedOf(store, key).inVain

/** Notes how a sign-in was in vain; `undefined`: it was not, or the program asks for another one. */
export const noteInVain = (
  store: CredentialStore,
  key: CredentialKey,
  how: PersonGuard.PersonGuard["inVain"]
): void => {
  sharedOf(store, key).inVain = how
}
