/**
 * A folder, and files in it, that only this user can read and write. As ssh does with its own, it uses nothing that belongs
 * to somebody else, that others can write to, or that leads elsewhere.
 *
 * Windows has no owners and modes of this kind: there a file has the access rights of the folder around it, which are the
 * user's own within their profile. Links, folders and devices in place of a file are refused there too.
 */
import { randomUUID } from "node:crypto"
import { constants } from "node:fs"
import * as Fs from "node:fs/promises"
import { basename, join } from "node:path"
import process from "node:process"
import { isGranted } from "./isGranted.ts"
import { syncFile } from "./syncFile.ts"
import { codeOf, unlessMissing } from "./systemError.ts"

/** A file or folder is not used; the message says why, and what to do. */
export class Refused extends Error {
  readonly path: string
  constructor(path: string, message: string) {
    super(message)
    this.path = path
  }
}

/** Space on the disk that a text will need. */
export interface Reserved {
  /** The temporary file that has it. */
  readonly path: string
  /** Gives the space back, where no text has taken it. */
  readonly release: () => Promise<void>
}

/** The functions throw `Refused`, or an error of the system. */
export interface PrivateFolder {
  /** Makes the folder where there is none, and fails when it cannot be used. */
  readonly prepare: () => Promise<void>
  /** Fails when nothing can be written there. */
  readonly tryToWrite: () => Promise<void>
  /** The bytes of a file; `undefined` when there is none. */
  readonly read: (file: string) => Promise<Uint8Array | undefined>
  /**
   * Takes the space that a new text of a file is likely to need: as much as the present one has, and 4 KiB.
   *
   * @param growth How many times that, where texts are written in another way from now on. @default 1
   */
  readonly reserve: (file: string, growth?: number) => Promise<Reserved>
  /** Replaces a file in one step: a reader finds the whole old file or the whole new one, also after a crash. */
  readonly replace: (file: string, text: string, reserved?: Reserved) => Promise<void>
  /** Removes a file, and those whose name begins with `prefix`. */
  readonly remove: (file: string, prefix: string) => Promise<void>
  /** Whether a program that was killed has left temporary files of a file behind; or one that runs writes right now. */
  readonly hasLeftovers: (file: string) => Promise<boolean>
  /**
   * Removes temporary files of a file, since they may hold secrets, and those of others that are older than an hour. To be
   * called when no other process writes the file.
   *
   * @param now In milliseconds since 1970-01-01 UTC.
   */
  readonly removeLeftovers: (file: string, now: number) => Promise<void>
}

/** More than any file of ours has. */
const maxBytes = 1_048_576

/** By how much new credentials may be longer than those before them: tokens of one server have about one length. */
const reservedBytes = 4096

const isWindows = process.platform === "win32"
// Without waiting: a pipe in place of a file would keep its reader waiting for ever. Absent on Windows.
const { O_CREAT, O_DIRECTORY = 0, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY, O_WRONLY } = constants
const toRead = O_RDONLY | O_NOFOLLOW | O_NONBLOCK
const toCreate = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW

const isLink = (path: string): Promise<boolean> => Fs.lstat(path).then((stats) => stats.isSymbolicLink(), () => false)

const linkRefused = (path: string) =>
  new Refused(path, "it is a symbolic link. Remove it, or choose the folder that it leads to")

/** Opens what is there, but follows no link. */
const openHere = async (path: string, flags: number): Promise<Fs.FileHandle> => {
  if (isWindows && await isLink(path)) throw linkRefused(path)
  try {
    return await Fs.open(path, flags)
  } catch (error) {
    if (await isLink(path)) throw linkRefused(path)
    throw error
  }
}

const withHandle = async <A>(handle: Fs.FileHandle, use: (handle: Fs.FileHandle) => Promise<A>): Promise<A> => {
  try {
    return await use(handle)
  } finally {
    await handle.close()
  }
}

/** Refuses what is somebody else's, and takes the permissions on it from others. Some file systems have no modes. */
const makePrivate = async (handle: Fs.FileHandle, path: string, mode: number, users: ReadonlyArray<number>) => {
  if (isWindows) return
  const stats = await handle.stat()
  if (!users.includes(stats.uid)) {
    throw new Refused(
      path,
      `its owner is the user with id ${stats.uid}, and not you (${users[0]}). Remove it, or choose another directory`
    )
  }
  if ((stats.mode & 0o777 & ~mode) === 0) return
  await handle.chmod(mode).catch(() => {})
  if (((await handle.stat()).mode & 0o022) !== 0) {
    throw new Refused(
      path,
      `others can write to it, which its owner, the user with id ${stats.uid}, cannot change here. ` +
        "Choose a directory on a file system with permissions"
    )
  }
}

const temporaryName = /\.[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.tmp$/
const newTemporaryName = (name: string): string => `${name}.${randomUUID()}.tmp`

/** Makes and removes a file; the id of its owner. Not by `Fs.access`: on Deno it needs --allow-sys=uid. */
const probe = async (folder: string): Promise<number> => {
  const path = join(folder, newTemporaryName("probe"))
  const handle = await Fs.open(path, toCreate, 0o600)
  try {
    return await withHandle(handle, async () => (await handle.stat()).uid)
  } finally {
    // Another process may have taken it for a leftover, by a clock that is ahead.
    await Fs.unlink(path).catch(unlessMissing)
  }
}

/**
 * Runs an operation again for a second where something holds the file for a moment: on Windows a virus scanner, an indexer
 * or a program that copies files to a cloud. Elsewhere these errors last, and cost a second.
 */
const retryWhileInUse = async <A>(operation: () => Promise<A>): Promise<A> => {
  const until = Date.now() + 1000
  for (let pause = 10;; pause = Math.min(pause * 2, 200)) {
    try {
      return await operation()
    } catch (error) {
      const mayPass = ["EPERM", "EBUSY", "EACCES"].includes(codeOf(error) ?? "")
      if (!mayPass || Date.now() + pause > until) throw error
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }
}

/** At most `maxBytes` of a file, also where it grows meanwhile. */
const readAll = async (handle: Fs.FileHandle, path: string): Promise<Uint8Array> => {
  const { size } = await handle.stat()
  const bytes = new Uint8Array(Math.min(size, maxBytes) + 1)
  let length = 0
  for (;;) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length)
    length += bytesRead
    if (bytesRead === 0) return bytes.subarray(0, length)
    if (length === bytes.length) break
  }
  throw new Refused(path, "it is larger than 1 MiB, or grows. Remove it")
}

/** The folder at a path. Nothing is made before `prepare`. */
export const at = (folder: string): PrivateFolder => {
  let users: ReadonlyArray<number> | undefined
  /** The ids of this user. Deno tells them with --allow-sys=uid only; without it, who makes a file is its owner. */
  const findUsers = async (): Promise<ReadonlyArray<number>> => {
    if (isWindows) return []
    // Where it cannot write, it takes the owner's word: a folder that only its owner can enter.
    if (!isGranted({ name: "sys", kind: "uid" })) {
      return users ??= [await probe(folder).catch(async () => (await Fs.stat(folder)).uid)]
    }
    return [process.getuid?.(), process.geteuid?.()].filter((id) => id !== undefined)
  }
  /** Also opens the folder, since its path may lead elsewhere a moment later. */
  const inFolder = async <A>(use: (handle: Fs.FileHandle | undefined) => Promise<A>): Promise<A> => {
    if (isWindows) {
      // A folder cannot be opened there.
      if (await isLink(folder)) throw linkRefused(folder)
      return await use(undefined)
    }
    return await withHandle(await openHere(folder, toRead | O_DIRECTORY), async (handle) => {
      await makePrivate(handle, folder, 0o700, await findUsers())
      return await use(handle)
    })
  }
  /** Temporary files of a file; with `now` those of other files too, as long as nobody can still be writing them. */
  const leftoversOf = async (file: string, now?: number): Promise<ReadonlyArray<string>> => {
    const found: Array<string> = []
    for (const name of (await Fs.readdir(folder)).filter((each) => temporaryName.test(each))) {
      const isOld = async () => {
        const { mtimeMs } = await Fs.lstat(join(folder, name))
        return now !== undefined && now - mtimeMs > 3_600_000
      }
      if (name.startsWith(`${basename(file)}.`) || await isOld().catch(() => false)) found.push(join(folder, name))
    }
    return found
  }
  /** So that the change of a name survives a crash. Some file systems cannot. */
  const changeNames = (change: () => Promise<void>) =>
    inFolder(async (handle) => {
      await change()
      await handle?.sync().catch(() => {})
    })
  return {
    prepare: async () => {
      try {
        await Fs.mkdir(folder, { recursive: true, mode: 0o700 })
      } catch (error) {
        throw await isLink(folder) ? linkRefused(folder) : error
      }
      await inFolder(async () => {})
    },
    tryToWrite: async () => void await probe(folder),
    read: async (file) => {
      try {
        return await inFolder(async () =>
          await withHandle(await openHere(file, toRead), async (handle) => {
            const stats = await handle.stat()
            if (!stats.isFile()) {
              throw new Refused(
                file,
                stats.isDirectory() ? "a folder is where a file should be. Move it away" : "it is no file. Remove it"
              )
            }
            await makePrivate(handle, file, 0o600, await findUsers())
            return await readAll(handle, file)
          })
        )
      } catch (error) {
        return unlessMissing(error)
      }
    },
    reserve: async (file, growth = 1) => {
      const present = await Fs.stat(file).then(({ size }) => size, () => 0)
      const path = newTemporaryName(file)
      const release = () => Fs.rm(path, { force: true }).catch(() => {})
      try {
        await withHandle(await Fs.open(path, toCreate, 0o600), async (handle) => {
          await handle.writeFile(new Uint8Array(Math.ceil((Math.min(present, maxBytes) + reservedBytes) * growth)))
          await syncFile(handle)
        })
      } catch (error) {
        await release()
        throw error
      }
      return { path, release }
    },
    replace: async (file, text, reserved) => {
      const bytes = new TextEncoder().encode(text)
      if (bytes.length > maxBytes) {
        throw new Refused(file, "the credentials have more than 1 MiB, which is not kept")
      }
      const temporary = reserved?.path ?? newTemporaryName(file)
      await changeNames(async () => {
        try {
          await withHandle(
            // What was reserved is written over, and cut afterwards: its space is never given back in between.
            await Fs.open(temporary, reserved === undefined ? toCreate : O_WRONLY | O_NOFOLLOW, 0o600),
            async (handle) => {
              await handle.writeFile(bytes)
              await handle.truncate(bytes.length)
              await syncFile(handle)
            }
          )
          await retryWhileInUse(() => Fs.rename(temporary, file))
        } catch (error) {
          await Fs.rm(temporary, { force: true }).catch(() => {})
          throw error
        }
      })
    },
    remove: async (file, prefix) => {
      await changeNames(async () => {
        await retryWhileInUse(() => Fs.unlink(file).catch(unlessMissing))
        for (const name of await Fs.readdir(folder)) {
          if (name.startsWith(basename(prefix))) await Fs.rm(join(folder, name), { force: true })
        }
      }).catch(unlessMissing)
    },
    hasLeftovers: async (file) => (await leftoversOf(file)).length > 0,
    removeLeftovers: async (file, now) => {
      for (const path of await leftoversOf(file, now)) await Fs.rm(path, { force: true })
    }
  }
}
