/**
 * Leases between processes. A placeholder that excludes nobody.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CredentialStoreError, Turn, TurnOptions } from "../../services/CredentialStore.ts"

/** A turn that dies with its process. */
export interface Lease extends Turn {
  /** Fails with reason `Locked` when the lease was lost. */
  readonly assertHeld: Effect.Effect<void, CredentialStoreError>
}

/** Leases whose files are in one folder. */
export interface ProcessLease {
  readonly exclusively: (
    name: string,
    options?: TurnOptions
  ) => Effect.Effect<Lease, CredentialStoreError, Scope.Scope>
  /** Whether nobody has it right now. */
  readonly isFree: (name: string) => Effect.Effect<boolean, CredentialStoreError>
}

export const at = (_folder: string): ProcessLease => ({
  exclusively: () => Effect.succeed({ tell: () => Effect.void, assertHeld: Effect.void }),
  isFree: () => Effect.succeed(true)
})
