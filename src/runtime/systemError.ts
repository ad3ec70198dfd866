/**
 * What the system calls an error, whichever runtime threw it.
 */

/** The code, such as `ENOENT`; of Deno's own errors, which have none, the name. `undefined` for what is no system error. */
export const codeOf = (error: unknown): string | undefined => {
  if (typeof error !== "object" || error === null) return undefined
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown }
  if (typeof code === "string") return code
  return name === "NotCapable" || name === "PermissionDenied" ? name : undefined
}

/** Whether a file or folder is not there. */
export const isMissing = (error: unknown): boolean => codeOf(error) === "ENOENT"

/** For `catch` of a promise: `undefined` where a file or folder is not there. Throws every other error. */
export const unlessMissing = (error: unknown): undefined => {
  if (isMissing(error)) return undefined
  throw error
}
