/**
 * Turns among the processes of one machine that use the same folder, by name.
 *
 * A lease ends with its holder: when its scope closes, when its process ends, and when that is killed. Whoever waits is
 * woken by the system then, and does not poll. On other machines, and where a container has a system of its own, a holder
 * that died is found out by ten seconds without a heartbeat.
 */
import process from "node:process"
import * as FileLease from "./FileLease.ts"
import type { Leases } from "./Lease.ts"
import * as PipeLease from "./PipeLease.ts"

export type { Lease, Leases } from "./Lease.ts"

/** Leases whose files are in this folder. It must exist, and be private. On Windows there are no files. */
export const at = (folder: string): Leases => process.platform === "win32" ? PipeLease.at(folder) : FileLease.at(folder)
