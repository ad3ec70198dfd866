/**
 * What this process shares with all that can tell, by a refused connection, that a socket's holder is dead.
 */
import { createHash } from "node:crypto"
import { readFileSync, readlinkSync } from "node:fs"
import { hostname } from "node:os"
import process from "node:process"
import { attempt } from "../attempt.ts"
import { isGranted } from "../isGranted.ts"

/** One system, from its start on. Containers share the one of their machine, and reach each other's sockets in a folder. */
const findKernel = (): string | undefined => {
  if (process.platform === "linux") {
    // Deno has files of the system behind the permission to read all.
    if (!isGranted({ name: "read" })) return undefined
    return attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim())
  }
  return isGranted({ name: "sys", kind: "hostname" }) ? attempt(hostname) : undefined
}

/** What has the same files at the same paths. */
const findMounts = (): string | undefined =>
  process.platform === "linux" && isGranted({ name: "read" })
    ? attempt(() => readlinkSync("/proc/self/ns/mnt"))
    : undefined

let known: { readonly kernel: string | undefined; readonly mounts: string | undefined } | undefined

/** The host of a socket: beside the files of its lease, or at a path of its own. `undefined`: not known. */
export const hostOf = (isBeside: boolean): string | undefined => {
  known ??= { kernel: findKernel(), mounts: findMounts() }
  return isBeside || known.kernel === undefined ? known.kernel : `${known.kernel} ${known.mounts ?? ""}`
}

/** The beginning of a socket's name, by which only processes of the same host remove what is left of it. */
export const tagOf = (host: string | undefined): string =>
  host === undefined ? "unknown" : createHash("sha256").update(host).digest("hex").slice(0, 8)
