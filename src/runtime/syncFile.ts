import type { FileHandle } from "node:fs/promises"
import { codeOf } from "./systemError.ts"

const unsupported: ReadonlyArray<string | undefined> = ["EINVAL", "ENOTSUP", "ENOSYS"]

/** Has the disk take what was written (`fsync`). Some network and user-space file systems do not know it: no failure. */
export const syncFile = (handle: FileHandle): Promise<void> =>
  handle.sync().catch((error) => {
    if (!unsupported.includes(codeOf(error))) throw error
  })
