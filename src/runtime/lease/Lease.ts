/**
 * A lease: a turn that other processes can take over, and the errors of taking one.
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { printable } from "../../core/text/SafeText.ts"
import { CredentialStoreError, type Turn, type TurnOptions } from "../../services/CredentialStore.ts"
import { Refused } from "../PrivateFolder.ts"

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

/** The code of a system's error; Deno's own errors have a name in its place. */
export const codeOf = (error: unknown): string | undefined => {
  if (typeof error !== "object" || error === null) return undefined
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown }
  if (typeof code === "string") return code
  return name === "NotCapable" || name === "PermissionDenied" ? name : undefined
}

const remedies: Readonly<Record<string, string>> = {
  ENOENT: "The folder is gone. Try again",
  ENOSPC: "The disk is full. Free some space",
  EDQUOT: "Your quota of the disk is used up. Free some space",
  EROFS: "The file system is read-only. Choose another directory",
  EMFILE: "This program has too many files open. Close some",
  ENFILE: "The system has too many files open. Close some programs"
}

/** The folder, or the sockets in it, cannot be used. */
export const unusable = (folder: string, cause: unknown): CredentialStoreError => {
  const code = codeOf(cause)
  const isRefused = cause instanceof Refused
  const remedy = isRefused
    ? cause.message
    : `a turn among processes cannot be taken there${code === undefined ? "" : ` (${code})`}. ${
      remedies[code ?? ""] ?? "Make it yours to read and write, or choose another directory"
    }`
  return new CredentialStoreError({
    reason: isRefused ? "Locked" : "Unwritable",
    detail: `${printable(isRefused ? cause.path : folder, 1000)}: ${remedy}`,
    ...(code !== undefined && { code }),
    cause
  })
}

/** The lease is somebody else's by now. */
export const lost = (folder: string): CredentialStoreError =>
  new CredentialStoreError({
    reason: "Locked",
    detail:
      `${printable(folder, 1000)}: another process has taken the turn of this one, which had given no sign of life ` +
      "for ten seconds, as after a sleep of the machine. Try again"
  })
