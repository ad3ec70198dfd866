/**
 * Why credentials could not be exported or imported, in words. None of them is of the credentials themselves.
 */
import { CredentialStoreError } from "../../services/CredentialStore.ts"
import { shownPath } from "../shownPath.ts"
import { codeOf } from "../systemError.ts"

/** A place is not used; the message says why, and what to do. */
export class RefusedPlace extends Error {
  readonly code: string | undefined
  constructor(message: string, code?: string) {
    super(message)
    this.code = code
  }
}

/** What happened, and what to do, by the code of the system. */
const remedies: Readonly<Record<string, string>> = {
  EACCES: "permission denied. Choose a place that this user can read and write",
  EPERM: "permission denied. Choose a place that this user can read and write",
  NotCapable: "permission denied. On Deno, grant --allow-read and --allow-write, and --allow-all for /dev and /proc",
  EROFS: "the file system is read-only. Choose another place",
  ENOENT: "there is no such file, or no such folder. Check the path",
  ENOTDIR: "a part of the path is no folder. Check the path",
  ENXIO: "nothing reads or writes at its other end. Check the descriptor",
  EPIPE: "whoever read it went away before all was written. Export again",
  ELOOP: "it is a symbolic link, or leads to one. Name the file itself",
  ENAMETOOLONG: "the path is too long. Choose a shorter one",
  ENOSPC: "the disk is full. Free some space, or choose another place",
  EDQUOT: "your quota of the disk is used up. Free some space, or choose another place"
}

/** The error for what the system, or this program, says of a place. A system error quotes paths and nothing of a file. */
export const failureAt = (
  reason: "Unreadable" | "Unwritable",
  place: string,
  cause: unknown
): CredentialStoreError => {
  const code = codeOf(cause)
  const remedy = cause instanceof RefusedPlace
    ? cause.message
    : `${remedies[code ?? ""] ?? "the system gave a reason that is not known here; see `cause`"}${
      code === undefined ? "" : ` (${code})`
    }`
  return new CredentialStoreError({
    reason,
    detail: `${place === "" ? "the path is empty" : shownPath(place)}: ${remedy}`,
    ...(code !== undefined && { code }),
    cause
  })
}
