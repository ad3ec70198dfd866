/**
 * The stored credentials of a session. A store that does not answer, such as a key chain that waits for its user or a
 * network folder that is gone, holds up nobody who gives up waiting, and no close: what it was asked goes on alone.
 */
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { Credentials } from "../core/mcp/Credentials.ts"
import { abandonable } from "../effect/abandonable.ts"
import type { CredentialStoreError } from "../services/CredentialStore.ts"
import type { Environment } from "./Environment.ts"

type Keeping = Pick<Environment, "key" | "store">

/** What is stored. */
export const load = ({ key, store }: Keeping): Effect.Effect<Option.Option<Credentials>, CredentialStoreError> =>
  abandonable(store.load(key))

/** Reads, decides and writes as one step; see `CredentialStore.modify`. */
export const modify = <A, E>(
  { key, store }: Keeping,
  change: (current: Option.Option<Credentials>) => Effect.Effect<readonly [A, Option.Option<Credentials>], E>
): Effect.Effect<A, E | CredentialStoreError> => abandonable(store.modify(key, change))
