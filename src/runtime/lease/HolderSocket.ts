/**
 * Where the holder of a lease in a folder listens: beside the files of the lease where the path is short enough, so that
 * every process that sees the files reaches it; else in a folder of this user among the temporary files.
 */
import { randomBytes } from "node:crypto"
import * as Fs from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { isBeside, isSocketOf, socketName } from "../../core/lease/Generation.ts"
import { isGranted } from "../isGranted.ts"
import * as PrivateFolder from "../PrivateFolder.ts"
import { codeOf } from "../systemError.ts"
import { hostOf, tagOf } from "./host.ts"
import { type HolderListener, listen } from "./HolderListener.ts"

/** A socket of one turn. */
export interface HolderSocket extends Pick<HolderListener, "tell"> {
  /** As it stands in the generation file. */
  readonly name: string
  readonly host: string | undefined
  /** Listens no more, and removes the socket. Never rejects. */
  readonly close: () => Promise<void>
}

/** Systems allow 104 to 108 bytes, and Node 20 cuts what is longer without a word. */
const maxPath = 100

/** How old a socket is that nobody listens on any more, and not one on which somebody is about to listen. */
const maxAge = 10_000

const isShort = (path: string): boolean => Buffer.byteLength(path) <= maxPath

/** The system, the file system or Deno's permissions leave no sockets there. */
const isUnsupported = (error: unknown): boolean =>
  /^(EACCES|EPERM|ENOTSUP|EOPNOTSUPP|ENOSYS|EAFNOSUPPORT|EPROTONOSUPPORT|EINVAL|NotCapable|PermissionDenied)$/.test(
    codeOf(error) ?? ""
  )

/** The folder for the sockets of leases whose own folder has a long path. */
const elsewhere = (): string | undefined => {
  const isKnowable = isGranted({ name: "sys", kind: "uid" }) &&
    ["TMPDIR", "TMP", "TEMP"].every((variable) => isGranted({ name: "env", variable }))
  const uid = isKnowable ? process.getuid?.() : undefined
  return uid === undefined ? undefined : join(tmpdir(), `effect-oauth-callback-${uid}`)
}

/** The path of a socket that stands in a generation file. */
export const pathOf = (folder: string, socket: string): string => isBeside(socket) ? join(folder, socket) : socket

/**
 * Whether Deno lets this process use sockets in a folder; without asking the person. The names of the sockets are not known
 * before, so what it takes is `--allow-net` without a list, beside the permissions to read and write there.
 */
export const isPermitted = (folder: string): boolean => {
  const path = join(folder, "x.s")
  return isGranted({ name: "net" }) && isGranted({ name: "read", path }) && isGranted({ name: "write", path })
}

const listenIn = async (folder: string, isBeside: boolean): Promise<HolderSocket | undefined> => {
  const host = hostOf(isBeside)
  const name = socketName(tagOf(host), randomBytes(6).toString("hex"))
  const path = join(folder, name)
  if (!isShort(path) || !isPermitted(folder)) return undefined
  try {
    const { close, tell } = await listen(path)
    return {
      name: isBeside ? name : path,
      host,
      tell,
      close: async () => {
        const closed = close()
        await Fs.unlink(path).catch(() => {})
        await closed
      }
    }
  } catch (error) {
    // Node says EACCES also where the folder is gone.
    await Fs.stat(folder)
    if (isUnsupported(error)) return undefined
    throw error
  }
}

/**
 * Listens for the leases of a folder; `undefined`: there can be no sockets. Rejects with an error of the system, or `Refused`.
 */
export const open = async (folder: string): Promise<HolderSocket | undefined> => {
  const beside = await listenIn(folder, true)
  if (beside !== undefined) return beside
  const other = elsewhere()
  if (other === undefined || !isShort(join(other, socketName(tagOf(""), "0".repeat(12))))) return undefined
  // Each time: what cleans up temporary files may have removed it.
  await PrivateFolder.at(other).prepare()
  return await listenIn(other, false)
}

/**
 * The sockets in a folder, as paths, that may be left of a killed process of this host. Never rejects.
 *
 * @param now By the file system's clock.
 */
export const leftIn = async (
  folder: string,
  names: ReadonlyArray<string>,
  now: () => Promise<number>
): Promise<ReadonlyArray<string>> => {
  const host = hostOf(true)
  const paths = host === undefined ?
    [] :
    names.filter((name) => isSocketOf(tagOf(host), name)).map((name) => join(folder, name))
  if (paths.length < 2) return []
  const oldest = await now().catch(() => 0) - maxAge
  const stats = await Promise.all(paths.map((path) => Fs.lstat(path).catch(() => undefined)))
  return paths.filter((_, index) => {
    const each = stats[index]
    return each?.isSocket() === true && each.mtimeMs < oldest
  })
}
