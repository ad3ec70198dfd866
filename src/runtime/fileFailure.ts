/**
 * What goes wrong with files of credentials, in words.
 */
import { CredentialStoreError } from "../services/CredentialStoreError.ts"
import { NoHome } from "./configDirectory.ts"
import * as PrivateFolder from "./PrivateFolder.ts"
import { shownPath } from "./shownPath.ts"
import { codeOf } from "./systemError.ts"

const yours = ["permission denied", "Make it yours to read and write"] as const
const inTheWay = ["a file is where a folder should be", "Move it away, or choose another directory"] as const

/** What happened, and what to do, by the code of the system. */
const remedies: Readonly<Record<string, readonly [string, string]>> = {
  EACCES: yours,
  EPERM: yours,
  NotCapable: [
    "permission denied",
    "On Deno, grant --allow-read and --allow-write for it; where no directory is named, also --allow-env and " +
    "--allow-sys=homedir"
  ],
  EROFS: ["the file system is read-only", "Choose another directory"],
  // What Node says of folders that are made with their parents, where nothing can be made.
  ENOENT: ["the folder cannot be made: the file system may be read-only", "Choose another directory"],
  ENOTDIR: inTheWay,
  EEXIST: inTheWay,
  EISDIR: ["a folder is where a file should be", "Move it away"],
  EMFILE: ["this program has too many files open", "Close some"],
  ENFILE: ["the system has too many files open", "Close some programs"],
  ENOSPC: ["the disk is full", "Free some space"],
  EDQUOT: ["your quota of the disk is used up", "Free some space"]
}
const unknownRemedy = [
  "the system gave a reason that is not known here; see `cause`",
  "Choose another directory"
] as const

/**
 * The error for what a file operation threw. A system error holds a path, a system call and a code, and nothing of what was
 * read or written.
 *
 * @param what The file or folder.
 */
export const failure = (reason: CredentialStoreError["reason"], what: string, cause: unknown): CredentialStoreError => {
  const isRefused = cause instanceof PrivateFolder.Refused
  const code = codeOf(cause)
  const known = code === undefined ? undefined : remedies[code]
  const [happened, todo] = known ?? unknownRemedy
  const remedy = isRefused || cause instanceof NoHome
    ? cause.message
    : `${happened}${code === undefined ? "" : ` (${code})`}. ${todo}`
  return new CredentialStoreError({
    reason,
    detail: `${shownPath(isRefused ? cause.path : what)}: ${remedy}`,
    ...(code !== undefined && { code }),
    cause
  })
}
