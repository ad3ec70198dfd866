/**
 * The files of one lease: its generations, and how one is claimed, kept fresh and given back.
 */
import { randomBytes } from "node:crypto"
import * as Fs from "node:fs/promises"
import { join } from "node:path"
import process from "node:process"
import {
  among,
  type Content,
  decode,
  encode,
  highest,
  isTemporary,
  maxContent,
  nameOf,
  outdated,
  temporaryName
} from "../../core/lease/Generation.ts"
import { codeOf, isMissing } from "../systemError.ts"
import type * as HolderSocket from "./HolderSocket.ts"

/** The highest generation, as it was found. */
export interface Found {
  /** 0: there is none. */
  readonly generation: number
  readonly content: Content
}

/** A generation that this process has made. */
export interface Claimed {
  readonly generation: number
  readonly names: ReadonlyArray<string>
  /** When it was last written, by the file system's clock. */
  readonly writtenAt: () => Promise<number>
  /** Whether it is there, and no higher one is. */
  readonly isHighest: () => Promise<boolean>
  /** Writes it again, so that the file system notes the time; false when it is gone. */
  readonly touch: () => Promise<boolean>
  /** Makes it empty, if it is there. */
  readonly giveBack: () => Promise<void>
}

/** What came of a claim. */
export type Claim =
  | { readonly _tag: "Claimed"; readonly claimed: Claimed }
  /** Somebody else was quicker. */
  | { readonly _tag: "Taken" }
  /** The file system has no hard links. */
  | { readonly _tag: "Unsupported" }

/** The files of one lease. The functions reject with errors of the system. */
export interface LeaseFiles {
  readonly find: () => Promise<Found>
  /** Milliseconds since a generation was last written, by the clock that stamps a file written now; 0 when it is gone. */
  readonly age: (generation: number) => Promise<number>
  /** Claims a generation. Only the one who finds no higher one afterwards has it. */
  readonly claim: (generation: number, socket: HolderSocket.HolderSocket) => Promise<Claim>
  /** Removes what the holder of a generation has no use for: older generations, and files of killed processes. */
  readonly sweep: (claimed: Claimed) => Promise<void>
}

const ignore = () => {}

const noLinks = /^(EPERM|ENOTSUP|EOPNOTSUPP|ENOSYS|EMLINK|NotCapable|PermissionDenied)$/

const remove = (path: string): Promise<void> => Fs.unlink(path).catch(ignore)

/** Opens what is there; `undefined` when nothing is. */
const opened = async <A>(
  path: string,
  flags: "r" | "r+",
  use: (handle: Fs.FileHandle) => Promise<A>
): Promise<A | undefined> => {
  let handle: Fs.FileHandle
  try {
    handle = await Fs.open(path, flags)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  try {
    return await use(handle)
  } finally {
    await handle.close()
  }
}

const textOf = async (handle: Fs.FileHandle): Promise<string> => {
  const bytes = new Uint8Array(maxContent + 1)
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0)
  return new TextDecoder().decode(bytes.subarray(0, bytesRead))
}

/** The files of the lease with that id, in a folder that exists. */
export const at = (folder: string, id: string): LeaseFiles => {
  const pathOf = (generation: number): string => join(folder, nameOf(id, generation))
  const newTemporary = (): string => join(folder, temporaryName(id, randomBytes(6).toString("hex")))

  const find: LeaseFiles["find"] = async () => {
    for (;;) {
      const generation = highest(among(id, await Fs.readdir(folder)))
      if (generation === 0) return { generation, content: { _tag: "Empty" } }
      const text = await opened(pathOf(generation), "r", textOf)
      // Removed meanwhile: then there is a higher one.
      if (text !== undefined) return { generation, content: decode(text) }
    }
  }

  const age: LeaseFiles["age"] = async (generation) => {
    const temporary = newTemporary()
    const handle = await Fs.open(temporary, "wx", 0o600)
    try {
      await handle.writeFile("now")
      const now = (await handle.stat()).mtimeMs
      // Opened, so that a network file system asks its server for the time.
      return now - (await opened(pathOf(generation), "r", async (each) => (await each.stat()).mtimeMs) ?? now)
    } finally {
      await handle.close()
      await remove(temporary)
    }
  }

  const claimedWith = (generation: number, content: string, names: ReadonlyArray<string>): Claimed => {
    /** Only while the file is still the one that was made. */
    const own = (use: (handle: Fs.FileHandle) => Promise<unknown>): Promise<boolean> =>
      opened(pathOf(generation), "r+", async (handle) => {
        if (await textOf(handle) !== content) return false
        await use(handle)
        return true
      }).then((isOwn) => isOwn === true)
    return {
      generation,
      names,
      writtenAt: async () => (await Fs.stat(pathOf(generation))).mtimeMs,
      isHighest: async () => await own(async () => {}) && highest(among(id, await Fs.readdir(folder))) === generation,
      // Not `utimes`, which on a network file system would set the time of this machine.
      touch: () => own((handle) => handle.write(content, 0)),
      giveBack: async () => void await own((handle) => handle.truncate(0)).catch(ignore)
    }
  }

  const claim: LeaseFiles["claim"] = async (generation, { host, name }) => {
    const temporary = newTemporary()
    const content = encode({ pid: process.pid, socket: name, host })
    let isLinked = false
    let removed: Promise<void> | undefined
    try {
      await Fs.writeFile(temporary, content, { flag: "wx", mode: 0o600 })
      try {
        await Fs.link(temporary, pathOf(generation))
      } catch (error) {
        const code = codeOf(error) ?? ""
        // ENOENT: the one who has the lease by now has removed the file as a leftover.
        if (code === "EEXIST" || code === "ENOENT") return { _tag: "Taken" }
        if (noLinks.test(code)) return { _tag: "Unsupported" }
        throw error
      }
      isLinked = true
      removed = remove(temporary)
      const names = await Fs.readdir(folder)
      if (highest(among(id, names)) > generation) {
        await remove(pathOf(generation))
        return { _tag: "Taken" }
      }
      return { _tag: "Claimed", claimed: claimedWith(generation, content, names) }
    } catch (error) {
      // It may be the highest, which is never removed: a late claim of its number would succeed.
      if (isLinked) await Fs.truncate(pathOf(generation)).catch(ignore)
      throw error
    } finally {
      await (removed ?? remove(temporary))
    }
  }

  const sweep: LeaseFiles["sweep"] = async ({ generation, names }) => {
    const left = names.filter((name) => isTemporary(id, name)).map((name) => join(folder, name))
    await Promise.all([...outdated(among(id, names), generation).map(pathOf), ...left].map(remove))
  }

  return { find, age, claim, sweep }
}
