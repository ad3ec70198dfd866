/**
 * Credentials in files: one for each server and account, in a folder of their own that only this user can enter.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { createHash, randomUUID } from "node:crypto"
import * as Fs from "node:fs/promises"
import { homedir } from "node:os"
import { basename, dirname, join, posix, resolve, win32 } from "node:path"
import process from "node:process"
import { type CredentialKey, type Credentials, decode, keyText, writtenByNewer } from "../core/mcp/Credentials.ts"
import { printable } from "../core/text/SafeText.ts"
import type { Surroundings } from "../core/terminal/Surroundings.ts"
import { type CredentialStore, CredentialStoreError, make, toText } from "../services/CredentialStore.ts"

/** Where the files are. */
export interface FileStoreOptions {
  /** Name of the program: its folder under the platform's configuration directory. */
  readonly appName: string
  /** Used in place of that folder. A relative one is below the working directory. */
  readonly directory?: string | undefined
}

/**
 * The configuration directory of a program: `%APPDATA%` on Windows, `~/Library/Application Support` on macOS, elsewhere
 * `$XDG_CONFIG_HOME` or `~/.config`. A variable that is no absolute path counts as unset (XDG Base Directory).
 */
export const configDirectory = (
  { env, home, platform }: Surroundings & { readonly home: string },
  appName: string
): string => {
  const path = platform === "win32" ? win32 : posix
  const absolute = (value: string | undefined) => value !== undefined && path.isAbsolute(value) ? value : undefined
  switch (platform) {
    case "win32":
      return path.join(absolute(env["APPDATA"]) ?? path.join(home, "AppData", "Roaming"), appName)
    case "darwin":
      return path.join(home, "Library", "Application Support", appName)
    default:
      return path.join(absolute(env["XDG_CONFIG_HOME"]) ?? path.join(home, ".config"), appName)
  }
}

const remedies: Readonly<Record<string, string>> = {
  EACCES: "permission denied. Make it yours to read and write",
  EPERM: "permission denied. Make it yours to read and write",
  NotCapable: "permission denied. On Deno, grant --allow-read, --allow-write, --allow-env and --allow-sys=homedir",
  EROFS: "the file system is read-only. Choose another directory",
  ENOTDIR: "a file is where a folder should be. Move it away, or choose another directory",
  EEXIST: "a file is where a folder should be. Move it away, or choose another directory",
  EISDIR: "a folder is where a file should be. Move it away",
  ENOSPC: "the disk is full. Free some space",
  EDQUOT: "your quota of the disk is used up. Free some space"
}
const unknownRemedy = "the system gave a reason that is not known here; see `cause`. Choose another directory"

const shown = (path: string): string => printable(path, 1000)

const field = (error: unknown, name: "code" | "name"): string =>
  typeof error === "object" && error !== null ? String((error as Readonly<Record<string, unknown>>)[name]) : ""

// The system's errors hold a path, a call and a code, and nothing of what was read or written.
const failure = (reason: "Unreadable" | "Unwritable", what: string, cause: unknown): CredentialStoreError =>
  new CredentialStoreError({
    reason,
    detail: `${shown(what)}: ${remedies[field(cause, "code")] ?? remedies[field(cause, "name")] ?? unknownRemedy}`,
    cause
  })

const unlessMissing = (error: unknown): undefined => {
  if (field(error, "code") === "ENOENT") return undefined
  throw error
}

/** Takes a file or folder from everybody else. Where the file system has no modes, or denies it, nothing is lost. */
const narrow = async (path: string, mode: number): Promise<void> => {
  if (process.platform === "win32") return // access is by lists, inherited from the user's profile
  if (((await Fs.stat(path)).mode & 0o777 & ~mode) !== 0) await Fs.chmod(path, mode).catch(() => {})
}

/** Makes the folder. */
const prepare = async (folder: string): Promise<void> => {
  await Fs.mkdir(folder, { recursive: true, mode: 0o700 })
  await narrow(folder, 0o700)
}

/** The bytes of a file; `undefined` when it is not there. */
const read = async (folder: string, file: string): Promise<Uint8Array | undefined> => {
  try {
    await narrow(folder, 0o700)
    await narrow(file, 0o600)
    return await Fs.readFile(file)
  } catch (error) {
    return unlessMissing(error)
  }
}

const temporaryName = /\.[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.tmp$/
const newTemporaryName = (name: string): string => `${name}.${randomUUID()}.tmp`

/** Fails when no file can be made in the folder. Deno's `access` ends the program without --allow-sys=uid. */
const probe = async (folder: string): Promise<void> => {
  const path = join(folder, newTemporaryName("probe"))
  const handle = await Fs.open(path, "wx", 0o600)
  await handle.close()
  await Fs.unlink(path)
}

/** Whoever reads meanwhile, or after a crash at any point, finds the old file or the new one, whole. */
const replace = async (file: string, text: string): Promise<void> => {
  const temporary = newTemporaryName(file)
  try {
    const handle = await Fs.open(temporary, "wx", 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await Fs.rename(temporary, file)
  } catch (error) {
    await Fs.rm(temporary, { force: true }).catch(() => {})
    throw error
  }
}

/** Removes what killed programs left half-written: it may hold tokens. Within the hour it may be another one's work. */
const sweep = async (folder: string, now: number): Promise<void> => {
  for (const name of await Fs.readdir(folder)) {
    if (!temporaryName.test(name)) continue
    const path = join(folder, name)
    if (now - (await Fs.stat(path)).mtimeMs > 3_600_000) await Fs.rm(path, { force: true })
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true })

const decodeBytes = (bytes: Uint8Array): Either.Either<Credentials, string> =>
  Either.flatMap(Either.try({ try: () => utf8.decode(bytes), catch: () => "the text is not UTF-8" }), decode)

const inFolder = (folder: string): CredentialStore => {
  const fileOf = (key: CredentialKey) => join(folder, `${createHash("sha256").update(keyText(key)).digest("hex")}.json`)
  // A step goes on when its fiber is interrupted, so its turn must, too.
  const step = <A>(reason: "Unreadable" | "Unwritable", what: string, run: () => Promise<A>) =>
    Effect.uninterruptible(Effect.tryPromise({ try: run, catch: (cause) => failure(reason, what, cause) }))

  const setAside = (file: string, problem: string) =>
    Effect.gen(function* () {
      const time = new Date(yield* Clock.currentTimeMillis).toISOString().replaceAll(":", "-")
      const aside = `${file}.damaged-${time}`
      const detail = `${shown(file)} is damaged (${problem}), and cannot be moved away. Remove it and sign in again`
      yield* Effect.tryPromise({
        try: () => Fs.rename(file, aside),
        catch: (cause) => new CredentialStoreError({ reason: "Damaged", detail, cause })
      })
      const { say, state } = yield* Effect.promise(() => import("./terminal/TerminalOutput.ts"))
      yield* Effect.sync(() => say(`${state().texts.credentialsDamaged({ problem, movedTo: shown(aside) })}\n`))
    })

  const readKey = (key: CredentialKey) =>
    Effect.gen(function* () {
      const file = fileOf(key)
      const bytes = yield* step("Unreadable", file, () => read(folder, file))
      if (bytes === undefined) return Option.none()
      const decoded = decodeBytes(bytes)
      if (Either.isRight(decoded)) return Option.some(decoded.right)
      if (decoded.left !== writtenByNewer) return yield* Effect.as(setAside(file, decoded.left), Option.none())
      const detail = `${shown(file)}: ${writtenByNewer}. Update this program, or remove the file and sign in again`
      return yield* new CredentialStoreError({ reason: "Unreadable", detail })
    })

  const writeKey = (key: CredentialKey, value: Option.Option<Credentials>) => {
    const file = fileOf(key)
    if (Option.isNone(value)) return step("Unwritable", file, () => Fs.unlink(file).catch(unlessMissing))
    return Effect.flatMap(toText(key, value.value), (text) =>
      step("Unwritable", file, async () => {
        await prepare(folder)
        await replace(file, text)
      }))
  }

  // One reads or writes at a time: no one sets a file aside as damaged that another has just written anew.
  const turn = Effect.unsafeMakeSemaphore(1).withPermits(1)
  const store = make({
    read: (key) => turn(Effect.uninterruptible(readKey(key))),
    write: (key, value) => turn(writeKey(key, value))
  })
  let swept = false
  const ready = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    step("Unwritable", folder, async () => {
      await prepare(folder)
      await probe(folder)
      if (swept) return
      swept = true
      await sweep(folder, now).catch(() => {})
    }))
  return {
    load: store.load,
    // Before the change, not after: what cannot be written must not cost a sign-in, or a refresh token.
    // Other processes are not kept out yet. A lock file for the key belongs here, around all of this.
    modify: (key, change) => Effect.zipRight(ready, store.modify(key, change))
  }
}

/** The path without symbolic links, as far as it exists: two ways to one folder are one folder. */
const canonical = async (path: string): Promise<string> => {
  try {
    return await Fs.realpath(path)
  } catch (error) {
    const parent = dirname(path)
    if (parent === path || field(error, "code") !== "ENOENT") return path
    return join(await canonical(parent), basename(path))
  }
}

// The locks are the store's, so there is one store for each folder of this process, however often it is opened.
const stores = new Map<string, CredentialStore>()

/**
 * The store in the folder `credentials` below the program's configuration directory, or below `directory`. The folder is
 * made (mode 0700) when something is first changed; a file has mode 0600. Wider modes are repaired.
 *
 * A damaged file is renamed to `….damaged-<time>`, counts as empty, and stderr says so. One of a newer version is left
 * alone, and is `CredentialStoreError` of reason `Unreadable`, as is a file that cannot be read; `Unwritable` when the
 * folder cannot be made or a file not be written there, which `modify` finds out before it runs its function; `Damaged`
 * when a damaged file cannot be renamed.
 *
 * Fails with reason `Unreadable` when the folder's path cannot be found out.
 */
export const open = (options: FileStoreOptions): Effect.Effect<CredentialStore, CredentialStoreError> =>
  Effect.map(
    Effect.tryPromise({
      try: () => {
        const base = options.directory ??
          configDirectory({ platform: process.platform, env: process.env, home: homedir() }, options.appName)
        return canonical(resolve(base, "credentials"))
      },
      catch: (cause) => failure("Unreadable", "the configuration directory", cause)
    }),
    (folder) => {
      const store = stores.get(folder) ?? inFolder(folder)
      stores.set(folder, store)
      return store
    }
  )
