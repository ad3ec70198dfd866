/**
 * Credentials in files: one for each server and account, in a folder that only this user can enter.
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

/** Where the files are kept. */
export interface FileStoreOptions {
  /** Name of the program, and of its folder in the platform's configuration directory. */
  readonly appName: string
  /** A folder to use instead. A relative path is resolved against the working directory. */
  readonly directory?: string | undefined
}

/**
 * The configuration directory of a program: `%APPDATA%` on Windows, `~/Library/Application Support` on macOS, elsewhere
 * `$XDG_CONFIG_HOME` or `~/.config`. A variable that is not an absolute path counts as unset (XDG Base Directory).
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

// A system error holds a path, a system call and a code, and nothing of what was read or written.
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

/** Takes permissions on a file or folder from other users. A failure is ignored: some file systems have no modes. */
const restrictMode = async (path: string, mode: number): Promise<void> => {
  if (process.platform === "win32") return // access control lists are inherited from the user's profile
  if (((await Fs.stat(path)).mode & 0o777 & ~mode) !== 0) await Fs.chmod(path, mode).catch(() => {})
}

/** Creates the folder. */
const prepare = async (folder: string): Promise<void> => {
  await Fs.mkdir(folder, { recursive: true, mode: 0o700 })
  await restrictMode(folder, 0o700)
}

/** The bytes of a file; `undefined` when it does not exist. */
const read = async (folder: string, file: string): Promise<Uint8Array | undefined> => {
  try {
    await restrictMode(folder, 0o700)
    await restrictMode(file, 0o600)
    return await Fs.readFile(file)
  } catch (error) {
    return unlessMissing(error)
  }
}

const temporaryName = /\.[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.tmp$/
const newTemporaryName = (name: string): string => `${name}.${randomUUID()}.tmp`

/** Fails when no file can be created in the folder. Not by `Fs.access`: on Deno it needs --allow-sys=uid. */
const checkWritable = async (folder: string): Promise<void> => {
  const path = join(folder, newTemporaryName("probe"))
  const handle = await Fs.open(path, "wx", 0o600)
  await handle.close()
  await Fs.unlink(path)
}

/** Replaces a file in one step: a reader finds the whole old file or the whole new one, also after a crash. */
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

/**
 * Removes temporary files that a killed program has left behind, since they may hold tokens. A file of the last hour may
 * still be in use.
 */
const removeLeftovers = async (folder: string, now: number): Promise<void> => {
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
  // A file operation goes on when its fiber is interrupted, so the next one must wait for it all the same.
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

  // One reads or writes at a time: else a reader could move away, as damaged, a file that was just written again.
  const oneAtATime = Effect.unsafeMakeSemaphore(1).withPermits(1)
  const store = make({
    read: (key) => oneAtATime(Effect.uninterruptible(readKey(key))),
    write: (key, value) => oneAtATime(writeKey(key, value))
  })
  let hasRemovedLeftovers = false
  const prepareToWrite = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    step("Unwritable", folder, async () => {
      await prepare(folder)
      await checkWritable(folder)
      if (hasRemovedLeftovers) return
      hasRemovedLeftovers = true
      await removeLeftovers(folder, now).catch(() => {})
    }))
  return {
    load: store.load,
    // Before the change, not after: an unwritable folder must not cost a sign-in, or a refresh token.
    // Other processes are not locked out yet. A lock file for the key belongs here, around all of this.
    modify: (key, change) => Effect.zipRight(prepareToWrite, store.modify(key, change))
  }
}

/** The path with symbolic links resolved, as far as it exists: two paths to the same folder become one. */
const canonical = async (path: string): Promise<string> => {
  try {
    return await Fs.realpath(path)
  } catch (error) {
    const parent = dirname(path)
    if (parent === path || field(error, "code") !== "ENOENT") return path
    return join(await canonical(parent), basename(path))
  }
}

// A store has its own locks, so each folder has one store in this process, however often it is opened.
const stores = new Map<string, CredentialStore>()

/**
 * The store in the folder `credentials` of the program's configuration directory, or of `directory`. The folder is created
 * (mode 0700) when something is first changed; a file has mode 0600. Wider modes are corrected.
 *
 * A damaged file is renamed to `….damaged-<time>` and counts as absent; stderr says so. A file of a newer version of this
 * package is left alone.
 *
 * Methods of the store fail with `CredentialStoreError` of reason
 *   - `Unreadable` when a file cannot be read, or was written by a newer version;
 *   - `Unwritable` when the folder cannot be created or written to, which `modify` finds out before it runs its function;
 *   - `Damaged` when a damaged file cannot be renamed.
 *
 * @returns the store; fails with reason `Unreadable` when the path of the folder cannot be determined.
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
