/**
 * Credentials in files: one for each server and account, in a folder that only this user can enter.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { createHash } from "node:crypto"
import * as Fs from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import { type CredentialKey, type Credentials, decode, keyText, writtenByNewer } from "../core/mcp/Credentials.ts"
import { printable } from "../core/text/SafeText.ts"
import { type CredentialStore, CredentialStoreError } from "../services/CredentialStore.ts"
import { toText } from "../store/credentialText.ts"
import { make } from "../store/exclusiveStore.ts"
import { NoHome, ownConfigDirectory } from "./configDirectory.ts"
import * as PrivateFolder from "./PrivateFolder.ts"

export { configDirectory } from "./configDirectory.ts"

/** Where the files are kept. */
export interface FileStoreOptions {
  /** Name of the program, and of its folder in the platform's configuration directory. */
  readonly appName: string
  /** A folder to use instead. A relative path is resolved against the working directory. */
  readonly directory?: string | undefined
}

const yours = ["permission denied", "Make it yours to read and write"] as const
const inTheWay = ["a file is where a folder should be", "Move it away, or choose another directory"] as const

/** What happened, and what to do, by the code of the system. */
const remedies: Readonly<Record<string, readonly [string, string]>> = {
  EACCES: yours,
  EPERM: yours,
  NotCapable: [
    "permission denied",
    "On Deno, grant --allow-read, --allow-write, --allow-env and --allow-sys=homedir"
  ],
  EROFS: ["the file system is read-only", "Choose another directory"],
  // What Node says of folders that are made with their parents, where nothing can be made.
  ENOENT: ["the folder cannot be made: the file system may be read-only", "Choose another directory"],
  ENOTDIR: inTheWay,
  EEXIST: inTheWay,
  EISDIR: ["a folder is where a file should be", "Move it away"],
  ENOSPC: ["the disk is full", "Free some space"],
  EDQUOT: ["your quota of the disk is used up", "Free some space"]
}
const unknownRemedy = [
  "the system gave a reason that is not known here; see `cause`",
  "Choose another directory"
] as const

const shown = (path: string): string => printable(path, 1000)

const field = (error: unknown, name: "code" | "name"): string =>
  typeof error === "object" && error !== null ? String((error as Readonly<Record<string, unknown>>)[name]) : ""

// A system error holds a path, a system call and a code, and nothing of what was read or written.
const failure = (reason: "Unreadable" | "Unwritable", what: string, cause: unknown): CredentialStoreError => {
  const isRefused = cause instanceof PrivateFolder.Refused
  // Deno's own errors have a name in place of a code.
  const code = [field(cause, "code"), field(cause, "name")].find((each) => Object.hasOwn(remedies, each)) ??
    (field(cause, "code") || undefined)
  const known = code === undefined ? undefined : remedies[code]
  const [happened, todo] = known ?? unknownRemedy
  const remedy = isRefused || cause instanceof NoHome
    ? cause.message
    : `${happened}${code === undefined ? "" : ` (${code})`}. ${todo}`
  return new CredentialStoreError({
    reason,
    detail: `${shown(isRefused ? cause.path : what)}: ${remedy}`,
    ...(code !== undefined && { code }),
    cause
  })
}

const utf8 = new TextDecoder("utf-8", { fatal: true })

const decodeBytes = (bytes: Uint8Array): Either.Either<Credentials, string> =>
  Either.flatMap(Either.try({ try: () => utf8.decode(bytes), catch: () => "the text is not UTF-8" }), decode)

const inFolder = (folder: string): CredentialStore => {
  const files = PrivateFolder.at(folder)
  const fileOf = (key: CredentialKey) => join(folder, `${createHash("sha256").update(keyText(key)).digest("hex")}.json`)
  // A file operation goes on when its fiber is interrupted, so the next one must wait for it all the same.
  const step = <A>(reason: "Unreadable" | "Unwritable", what: string, run: () => Promise<A>) =>
    Effect.uninterruptible(Effect.tryPromise({ try: run, catch: (cause) => failure(reason, what, cause) }))

  const damaged = (file: string) => `${file}.damaged-`
  const setAside = (file: string, problem: string) =>
    Effect.gen(function* () {
      const time = new Date(yield* Clock.currentTimeMillis).toISOString().replaceAll(":", "-")
      const aside = `${damaged(file)}${time}`
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
      const bytes = yield* step("Unreadable", file, () => files.read(file))
      if (bytes === undefined) return Option.none()
      const decoded = decodeBytes(bytes)
      if (Either.isRight(decoded)) return Option.some(decoded.right)
      if (decoded.left !== writtenByNewer) return yield* Effect.as(setAside(file, decoded.left), Option.none())
      const detail = `${shown(file)}: ${writtenByNewer}. Update this program, or remove the file and sign in again`
      return yield* new CredentialStoreError({ reason: "Unreadable", detail })
    })

  const writeKey = (key: CredentialKey, value: Option.Option<Credentials>) => {
    const file = fileOf(key)
    if (Option.isNone(value)) return step("Unwritable", file, () => files.remove(file, damaged(file)))
    return Effect.flatMap(toText(key, value.value), (text) =>
      step("Unwritable", file, async () => {
        await files.prepare()
        await files.replace(file, text)
      }))
  }

  // One reads or writes at a time: else a reader could move away, as damaged, a file that was just written again.
  const oneAtATime = Effect.unsafeMakeSemaphore(1).withPermits(1)
  const store = make({
    load: (key) => oneAtATime(Effect.uninterruptible(readKey(key))),
    list: Effect.succeed([]),
    write: (key, value) => oneAtATime(writeKey(key, value))
  })
  let hasRemovedLeftovers = false
  const prepareToWrite = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    step("Unwritable", folder, async () => {
      await files.prepare()
      if (hasRemovedLeftovers) return
      hasRemovedLeftovers = true
      await files.removeLeftovers(now).catch(() => {})
    }))
  return {
    ...store,
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
 * (mode 0700) when something is first changed; a file has mode 0600. Wider modes are corrected. As ssh does, the store
 * uses no folder and no file of another user's, none that others can write to, no symbolic link in their place, and only
 * regular files of at most 1 MiB.
 *
 * A damaged file is renamed to `….damaged-<time>` and counts as absent; stderr says so. It is removed with the credentials
 * (`logout`). A file of a newer version of this package is left alone.
 *
 * Methods of the store fail with `CredentialStoreError` of reason
 *   - `Unreadable` when a file cannot be read, must not be used, or was written by a newer version;
 *   - `Unwritable` when the folder cannot be created or written to, or must not be used, which `modify` finds out before it runs its function;
 *   - `Damaged` when a damaged file cannot be renamed.
 *
 * @returns the store; fails with reason `Unreadable` when the path of the folder cannot be determined.
 */
export const open = (options: FileStoreOptions): Effect.Effect<CredentialStore, CredentialStoreError> =>
  Effect.map(
    Effect.tryPromise({
      // Links may lead to the folder, but it is none itself.
      try: async () =>
        join(await canonical(resolve(options.directory ?? ownConfigDirectory(options.appName))), "credentials"),
      catch: (cause) => failure("Unreadable", "the configuration directory", cause)
    }),
    (folder) => {
      const store = stores.get(folder) ?? inFolder(folder)
      stores.set(folder, store)
      return store
    }
  )
