import * as Fs from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { isMissing } from "./systemError.ts"

/** The path with symbolic links resolved, as far as it exists: two paths to the same folder become one. */
export const canonicalPath = async (path: string): Promise<string> => {
  try {
    return await Fs.realpath(path)
  } catch (error) {
    const parent = dirname(path)
    if (parent === path || !isMissing(error)) return path
    return join(await canonicalPath(parent), basename(path))
  }
}
