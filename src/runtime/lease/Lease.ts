/**
 * A lease: a turn that other processes can take over, and the errors of taking one.
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { CredentialStoreError, type Turn, type TurnOptions } from "../../services/CredentialStore.ts"
import { failure } from "../fileFailure.ts"
import { Refused } from "../PrivateFolder.ts"
import { shownPath } from "../shownPath.ts"

/** A turn among the processes that use a folder. It ends with its scope, and with its process, however that ends. */
export interface Lease extends Turn {
  /**
   * Fails with reason `Locked` when the lease was lost: another process took it after it had seen no sign of life for ten
   * seconds (a machine that slept), or its file was removed.
   */
  readonly assertHeld: Effect.Effect<void, CredentialStoreError>
}

/** Leases by name. */
export interface Leases {
  /**
   * Waits for the lease of that name, and has it until the scope closes. Interrupting the wait ends that wait alone.
   *
   * Where the system has no means for it (no hard links, no sockets, no permission for them), turns are taken within this
   * process only, and no error says so: what is kept is safe without.
   */
  readonly exclusively: (
    name: string,
    options?: TurnOptions
  ) => Effect.Effect<Lease, CredentialStoreError, Scope.Scope>
  /** Whether nobody has the lease of that name at this moment. */
  readonly isFree: (name: string) => Effect.Effect<boolean, CredentialStoreError>
}

/** The folder, or the sockets in it, cannot be used. */
export const unusable = (folder: string, cause: unknown): CredentialStoreError =>
  failure(cause instanceof Refused ? "Locked" : "Unwritable", folder, cause)

/** The lease is somebody else's by now. */
export const lost = (folder: string): CredentialStoreError =>
  new CredentialStoreError({
    reason: "Locked",
    detail: `${shownPath(folder)}: another process has taken the turn of this one, which had given no sign of life ` +
      "for ten seconds, as after a sleep of the machine. Try again"
  })
