/**
 * Credentials in files: one for each server and account, in a folder that only this user can enter.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { createHash } from "node:crypto"
import { statSync } from "node:fs"
import * as Fs from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import {
  type CredentialKey,
  type Credentials,
  decode,
  keyOf,
  keyText,
  writtenByNewer
} from "../core/mcp/Credentials.ts"
import { printable } from "../core/text/SafeText.ts"
import * as OneAtATime from "../effect/OneAtATime.ts"
import { type CredentialStore, CredentialStoreError, type TurnOptions } from "../services/CredentialStore.ts"
import { toText } from "../store/credentialText.ts"
import { make } from "../store/exclusiveStore.ts"
import { NoHome, ownConfigDirectory } from "./configDirectory.ts"
import * as ProcessLease from "./lease/ProcessLease.ts"
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

const textOf = (bytes: Uint8Array): Either.Either<string, string> =>
  Either.try({ try: () => utf8.decode(bytes), catch: () => "the text is not UTF-8" })

const decodeBytes = (bytes: Uint8Array): Either.Either<Credentials, string> => Either.flatMap(textOf(bytes), decode)

const unlessMissing = (error: unknown): undefined => {
  if (field(error, "code") === "ENOENT") return undefined
  throw error
}

/** The name of a file of credentials. */
const fileName = /^[\da-f]{64}\.json$/

const inFolder = (folder: string): CredentialStore => {
  const files = PrivateFolder.at(folder)
  // Beside what they are for: whoever shares the files shares them too.
  const leaseFolder = join(folder, "leases")
  const leases = ProcessLease.at(leaseFolder)
  const paths = new WeakMap<CredentialKey, string>()
  const fileOf = (key: CredentialKey): string => {
    const path = paths.get(key) ??
      join(folder, `${createHash("sha256").update(keyText(key)).digest("hex")}.json`)
    paths.set(key, path)
    return path
  }
  // A file operation goes on when its fiber is interrupted, so the next one must wait for it all the same.
  const step = <A>(reason: "Unreadable" | "Unwritable", what: string, run: () => Promise<A>) =>
    Effect.uninterruptible(Effect.tryPromise({ try: run, catch: (cause) => failure(reason, what, cause) }))
  /** In a folder that only this user can enter, so that nobody else can have put something in the place of the leases. */
  const prepare = step("Unwritable", folder, async () => {
    await files.prepare()
    await Fs.mkdir(leaseFolder, { recursive: true, mode: 0o700 })
  })
  const exclusively = (name: string, options?: TurnOptions) =>
    Effect.zipRight(prepare, leases.exclusively(name, options))

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

  /** The text of a file decoded; `Left`: what is wrong with it. */
  const readFile = (file: string) =>
    Effect.map(
      step("Unreadable", file, () => files.read(file)),
      (bytes) => bytes === undefined ? Either.right(Option.none()) : Either.map(decodeBytes(bytes), Option.some)
    )

  /** What is in a file. To be run by who may change it: a damaged one is moved away. */
  const readInTurn = (file: string) =>
    Effect.flatMap(readFile(file), (found) => {
      if (Either.isRight(found)) return Effect.succeed(found.right)
      if (found.left !== writtenByNewer) return Effect.as(setAside(file, found.left), Option.none())
      const detail = `${shown(file)}: ${writtenByNewer}. Update this program, or remove the file and sign in again`
      return Effect.fail(new CredentialStoreError({ reason: "Unreadable", detail }))
    })

  /** Also where somebody has removed the folder meanwhile: what the server gave exists only here. */
  const replace = (file: string, text: string, reserved?: PrivateFolder.Reserved) =>
    files.replace(file, text, reserved).catch(async (error) => {
      if (field(error, "code") !== "ENOENT") throw error
      await files.prepare()
      await files.replace(file, text)
    })
  const writeFile = (
    file: string,
    key: CredentialKey,
    value: Option.Option<Credentials>,
    reserved?: PrivateFolder.Reserved
  ) =>
    Option.isNone(value)
      ? step("Unwritable", file, () => files.remove(file, damaged(file)))
      : Effect.flatMap(toText(key, value.value), (text) =>
        step("Unwritable", file, () => replace(file, text, reserved)))

  // One reads or writes at a time: else a reader could move away, as damaged, a file that was just written again.
  const { run: oneAtATime } = OneAtATime.make()
  const turns = new Set<string>()

  /** Takes the turn of a key, and removes what a killed program has left half-written, for it holds tokens. */
  const takeTurn = (key: CredentialKey) =>
    Effect.gen(function* () {
      const lease = yield* exclusively(keyText(key))
      yield* Effect.acquireRelease(
        Effect.sync(() => turns.add(keyText(key))),
        () => Effect.sync(() => turns.delete(keyText(key)))
      )
      const now = yield* Clock.currentTimeMillis
      yield* step("Unwritable", folder, () => files.removeLeftovers(fileOf(key), now))
      return lease
    })

  const swept = new Set<string>()
  /** Removes leftovers of a key once, unless another process is about to change it: it removes them. */
  const sweep = (key: CredentialKey) =>
    Effect.gen(function* () {
      if (swept.has(keyText(key))) return
      swept.add(keyText(key))
      const isThere = yield* step("Unreadable", folder, () => files.hasLeftovers(fileOf(key)).catch(() => false))
      if (isThere && !turns.has(keyText(key)) && (yield* leases.isFree(keyText(key)))) {
        yield* Effect.scoped(takeTurn(key))
      }
      // Whoever only reads does not fail for it.
    }).pipe(Effect.catchAll(() => Effect.void))

  const load = (key: CredentialKey) =>
    Effect.gen(function* () {
      const file = fileOf(key)
      yield* sweep(key)
      const found = yield* oneAtATime(readFile(file))
      if (Either.isRight(found)) return found.right
      // Another process may have written it anew by the time that it is this one's turn.
      const inTurn = oneAtATime(Effect.uninterruptible(readInTurn(file)))
      return yield* turns.has(keyText(key)) || found.left === writtenByNewer
        ? inTurn
        : Effect.scoped(Effect.zipRight(takeTurn(key), inTurn))
    })

  return make({
    load,
    exclusively,
    list: Effect.gen(function* () {
      const keys: Array<CredentialKey> = []
      const names = yield* step("Unreadable", folder, () => Fs.readdir(folder).catch(unlessMissing))
      for (const name of names ?? []) {
        if (!fileName.test(name)) continue
        const bytes = yield* oneAtATime(step("Unreadable", join(folder, name), () => files.read(join(folder, name))))
        const text = bytes && Either.getOrUndefined(textOf(bytes))
        const key = text === undefined ? undefined : keyOf(text)
        if (key !== undefined && fileOf(key) === join(folder, name)) keys.push(key)
      }
      return keys
    }),
    // Before the change, not after: an unwritable folder or a full disk must not cost a sign-in, or a refresh token.
    begin: (key, { reserve = false }) =>
      Effect.gen(function* () {
        const file = fileOf(key)
        const lease = yield* takeTurn(key)
        const reserved = reserve
          ? yield* Effect.acquireRelease(
            step("Unwritable", file, () => files.reserve(file)),
            ({ release }) => Effect.promise(release)
          )
          : undefined
        return {
          read: oneAtATime(Effect.uninterruptible(readInTurn(file))),
          write: (value) => Effect.zipRight(lease.assertHeld, oneAtATime(writeFile(file, key, value, reserved)))
        }
      }),
    // In the time of one `stat`, which is what a request waits for it.
    revision: (key) => {
      try {
        const stats = statSync(fileOf(key), { throwIfNoEntry: false })
        return stats === undefined ? "none" : `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`
      } catch {
        return "unreadable"
      }
    }
  })
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
