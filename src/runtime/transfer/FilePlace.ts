/**
 * What is at a path that credentials are written to or read from: whose it is, and whether it is a stream of this process.
 */
import type { Stats } from "node:fs"
import { constants, fstatSync } from "node:fs"
import process from "node:process"
import { attempt } from "../attempt.ts"
import { isGranted } from "../isGranted.ts"
import { RefusedPlace } from "./transferFailure.ts"

/** There are no owners, modes or named pipes of this kind on Windows. */
export const isWindows: boolean = process.platform === "win32"

// Absent on Windows.
const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY, O_WRONLY } = constants

/** How a place is opened. A pipe is never waited for by the system: nothing could interrupt that. */
export const openTo: Readonly<Record<"create" | "read" | "writeDescriptor" | "writePipe", number>> = {
  create: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
  writePipe: O_WRONLY | O_NONBLOCK | O_NOFOLLOW,
  writeDescriptor: O_WRONLY | O_NONBLOCK,
  read: O_RDONLY | O_NONBLOCK
}

/** Whether a path names a descriptor of this process, such as the one of a pipe that a shell has made. */
export const isDescriptor = (path: string): boolean =>
  /^(\/dev\/(fd\/\d+|stdin|stdout|stderr)|\/proc\/self\/fd\/\d+)$/.test(path)

type Place = Pick<Stats, "dev" | "ino" | "mode" | "uid">

/** Whether this is where the output of this program goes, which others keep in logs. */
export const isOutput = ({ dev, ino }: Pick<Stats, "dev" | "ino">): boolean =>
  [1, 2].some((descriptor) => {
    const stream = attempt(() => fstatSync(descriptor))
    return stream !== undefined && stream.dev === dev && stream.ino === ino
  })

/** The ids of this user; on Deno they are told with a permission only. */
const ownIds = (): ReadonlyArray<number> => {
  if (!isGranted({ name: "sys", kind: "uid" })) {
    throw new RefusedPlace("whose it is cannot be told here. On Deno, grant --allow-sys=uid", "NotCapable")
  }
  return [process.getuid?.(), process.geteuid?.()].filter((id) => id !== undefined)
}

/**
 * Refuses what is of another user.
 *
 * @param others Ids of users who are trusted as much: 0 is the administrator, who puts secrets into containers.
 * @throws RefusedPlace
 */
export const assertOwn = ({ uid }: Place, others: ReadonlyArray<number> = []): void => {
  if (isWindows) return
  const own = ownIds()
  if (own.includes(uid) || others.includes(uid)) return
  throw new RefusedPlace(
    `its owner is the user with id ${uid}, and not you (${own[0]}). Make it yours, or choose another one`
  )
}

/** Refuses what others may do with it. @param bits Such as 0o044: to be read by group and others. @throws RefusedPlace */
export const assertMode = ({ mode }: Place, bits: number, message: string): void => {
  if (!isWindows && (mode & bits) !== 0) throw new RefusedPlace(message)
}
