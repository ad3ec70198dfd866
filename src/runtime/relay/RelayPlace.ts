/**
 * Where the processes of one user that share a port find each other: a socket in a folder that only this user can enter.
 */
import { createHash, randomBytes } from "node:crypto"
import { lstatSync, readlinkSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import type { LoopbackAddress } from "../../services/CallbackServer.ts"
import { attempt } from "../attempt.ts"
import { isGranted } from "../isGranted.ts"
import * as PrivateFolder from "../PrivateFolder.ts"

/** The place of one port. */
export interface RelayPlace {
  /** Where the process listens that has the port. */
  readonly socket: string
  /** A name of its own for each holder, until it has the port. */
  readonly newSocket: () => string
}

/** Digests are of this package's own kind, so that none equals that of a text elsewhere. */
export const digest = (text: string): string =>
  createHash("sha256").update(`effect-oauth-callback relay\0${text}`).digest("base64url")

/**
 * A folder of the system that only this user can enter, and that ends with their login; not by `XDG_RUNTIME_DIR`, which some
 * processes lack.
 */
const runtimeFolder = (uid: number): string | undefined => {
  const folder = `/run/user/${uid}`
  const stats = attempt(() => lstatSync(folder))
  return stats?.isDirectory() === true && stats.uid === uid && (stats.mode & 0o077) === 0 ? folder : undefined
}

// The same for all processes of the user, whatever their environment says of temporary files.
const folderOf = (uid: number): string => {
  const folder = runtimeFolder(uid)
  return folder === undefined ? `/tmp/effect-oauth-callback-${uid}` : join(folder, "effect-oauth-callback")
}

/**
 * The place of a port; `undefined` where processes cannot share: on Windows, whose pipes any user can enter, and where Deno
 * has no `--allow-net` without a list, `--allow-sys=uid`, or permission to read and write there. Nobody is asked for it.
 */
export const placeOf = async (address: LoopbackAddress, port: number): Promise<RelayPlace | undefined> => {
  const uid = isGranted({ name: "sys", kind: "uid" }) ? process.getuid?.() : undefined
  if (uid === undefined || !isGranted({ name: "net" })) return undefined
  if (!isGranted({ name: "read", path: `/run/user/${uid}` })) return undefined
  const folder = folderOf(uid)
  if (!isGranted({ name: "read", path: folder }) || !isGranted({ name: "write", path: folder })) return undefined
  const name = `port-${address === "::1" ? 6 : 4}-${port}`
  try {
    await PrivateFolder.at(folder).prepare()
  } catch {
    // It is somebody else's, or cannot be made: then this process does not share.
    return undefined
  }
  return {
    socket: join(folder, `${name}.s`),
    newSocket: () => join(folder, `${name}-${randomBytes(4).toString("hex")}.s`)
  }
}

let network: { readonly name: string | undefined } | undefined

/** Which network this process is in, where that is known: containers may share the folder and not the port. */
export const networkName = (): string | undefined =>
  (network ??= {
    name: process.platform === "linux" && isGranted({ name: "read" })
      ? attempt(() => readlinkSync("/proc/self/ns/net"))
      : undefined
  }).name
