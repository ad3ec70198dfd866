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
import { basename, join, resolve } from "node:path"
import { type CredentialKey, type Credentials, keyText } from "../core/mcp/Credentials.ts"
import * as OneAtATime from "../effect/OneAtATime.ts"
import type { CredentialStore, CredentialStoreError, TurnOptions } from "../services/CredentialStore.ts"
import * as ExclusiveStore from "../store/exclusiveStore.ts"
import { canonicalPath } from "./canonicalPath.ts"
import { ownConfigDirectory } from "./configDirectory.ts"
import { failure } from "./fileFailure.ts"
import * as FileText from "./FileText.ts"
import * as ProcessLease from "./lease/ProcessLease.ts"
import { turnToChange } from "./lease/turnToChange.ts"
import * as PrivateFolder from "./PrivateFolder.ts"
import { type Damage, damaged, setAside } from "./setAside.ts"
import { shownPath } from "./shownPath.ts"
import { isMissing, unlessMissing } from "./systemError.ts"

/**
 * Where the files are kept.
 *
 * @since 0.1.0
 * @category options
 */
export interface FileStoreOptions {
  /** Name of the program, and of its folder in the platform's configuration directory. */
  readonly appName: string
  /** A folder to use instead; a relative path is of the working directory. @default the platform's for `appName` */
  readonly directory?: string | undefined
  /** Whether the files are encrypted, with a key in the keychain of the person. @default false */
  readonly encrypt?: boolean | undefined
}

/** The name of a file of credentials. */
const fileName = /^[\da-f]{64}\.json$/

/** What all stores of one folder share in this process. */
const shareFolder = (folder: string) => ({
  folder,
  // Beside what they are for: whoever shares the files shares them too.
  leases: ProcessLease.at(join(folder, "leases")),
  // One reads or writes at a time: else a reader could move away, as damaged, a file that was just written again.
  oneAtATime: OneAtATime.make().run,
  /** The keys whose turn this process has. */
  turns: new Set<string>()
})

type Folder = ReturnType<typeof shareFolder>

const inFolder = ({ folder, leases, oneAtATime, turns }: Folder, codec?: FileText.Codec): CredentialStore => {
  const files = PrivateFolder.at(folder)
  const leaseFolder = join(folder, "leases")
  const texts = FileText.make((name) => join(folder, name), codec)
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
  const prepare = Effect.zipRight(
    step("Unwritable", folder, files.prepare),
    step("Unwritable", leaseFolder, () => Fs.mkdir(leaseFolder, { recursive: true, mode: 0o700 }))
  )
  const exclusively = (name: string, options?: TurnOptions) =>
    Effect.zipRight(prepare, leases.exclusively(name, options))

  /** What is in a file; `Left`: it is damaged. */
  const readFile = (file: string) =>
    Effect.gen(function* () {
      const bytes = yield* oneAtATime(step("Unreadable", file, () => files.read(file)))
      if (bytes === undefined) return Either.right(Option.none<Credentials>())
      // Others read and write meanwhile: the keychain may ask the person.
      const found = yield* texts.read(basename(file), bytes)
      return Either.isRight(found)
        ? Either.right(Option.some(found.right))
        : Either.left<Damage>({ bytes, problem: found.left })
    })

  /** What is in a file. To be run by who may change it: a damaged one is moved away. */
  const readInTurn = (file: string): Effect.Effect<Option.Option<Credentials>, CredentialStoreError> =>
    Effect.flatMap(readFile(file), (found) =>
      Either.isRight(found) ? Effect.succeed(found.right) : Effect.flatMap(
        setAside(file, found.left, step("Unreadable", file, () => files.read(file)), oneAtATime),
        (isAside) => isAside ? Effect.succeedNone : readInTurn(file)
      ))

  /** Also where somebody has removed the folder meanwhile: what the server gave exists only here. */
  const replace = (file: string, text: string, reserved?: PrivateFolder.Reserved) =>
    files.replace(file, text, reserved).catch(async (error) => {
      if (!isMissing(error)) throw error
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
      ? oneAtATime(step("Unwritable", file, () => files.remove(file, damaged(file))))
      : Effect.flatMap(
        texts.write(basename(file), key, value.value),
        (text) => oneAtATime(step("Unwritable", file, () => replace(file, text, reserved)))
      )

  /** Whether a change may be written, or what there is be removed. */
  type MayWrite = (isRemoval: boolean) => Effect.Effect<void, CredentialStoreError>
  /** Where the folder is gone, nobody else can have taken the turn. */
  const whileHeld = (lease: ProcessLease.Lease): MayWrite => () =>
    Effect.catchAll(lease.assertHeld, (error) =>
      Effect.flatMap(
        Effect.promise(() => Fs.stat(leaseFolder).then(() => true, () => false)),
        (isThere) => isThere ? Effect.fail(error) : Effect.void
      ))
  /** On a full disk no turn can be taken, by nobody. What was free before can be removed there all the same. */
  const onFullDisk = (key: CredentialKey) => (error: CredentialStoreError) =>
    Effect.map(
      Effect.filterOrFail(
        error.code === "ENOSPC" || error.code === "EDQUOT" ? leases.isFree(keyText(key)) : Effect.succeed(false),
        (isFree) => isFree,
        () => error
      ),
      (): MayWrite => (isRemoval) => isRemoval ? Effect.void : Effect.fail(error)
    )

  /**
   * Takes the turn of a key, and removes what a killed program has left half-written, for it holds tokens.
   *
   * @param reserve `false`: on a full disk, where no turn can be taken, what is there may be removed all the same.
   */
  const takeTurn = (key: CredentialKey, reserve = true) =>
    Effect.gen(function* () {
      const turn = Effect.map(turnToChange(exclusively, keyText(key), shownPath(fileOf(key))), whileHeld)
      const mayWrite = yield* reserve ? turn : Effect.catchAll(turn, onFullDisk(key))
      yield* Effect.acquireRelease(
        Effect.sync(() => turns.add(keyText(key))),
        () => Effect.sync(() => turns.delete(keyText(key)))
      )
      const now = yield* Clock.currentTimeMillis
      yield* step("Unwritable", folder, () => files.removeLeftovers(fileOf(key), now))
      return mayWrite
    })

  /** Removes leftovers of a key, unless another process is about to change it: it removes them. */
  const sweep = (key: CredentialKey) =>
    Effect.gen(function* () {
      const isThere = yield* step("Unreadable", folder, () => files.hasLeftovers(fileOf(key)).catch(() => false))
      if (isThere && !turns.has(keyText(key)) && (yield* leases.isFree(keyText(key)))) {
        yield* Effect.scoped(takeTurn(key))
      }
      // Whoever only reads does not fail for it.
    }).pipe(Effect.ignore)

  const load = (key: CredentialKey) =>
    Effect.gen(function* () {
      const file = fileOf(key)
      yield* sweep(key)
      const found = yield* readFile(file)
      if (Either.isRight(found)) return found.right
      // Another process may have written it anew by the time that it is this one's turn.
      return yield* turns.has(keyText(key))
        ? readInTurn(file)
        : Effect.scoped(Effect.zipRight(takeTurn(key), readInTurn(file)))
    })

  return ExclusiveStore.make({
    load,
    exclusively,
    list: Effect.gen(function* () {
      const keys: Array<CredentialKey> = []
      const names = yield* step("Unreadable", folder, () => Fs.readdir(folder).catch(unlessMissing))
      for (const name of names ?? []) {
        if (!fileName.test(name)) continue
        const bytes = yield* Effect.orElseSucceed(
          oneAtATime(step("Unreadable", join(folder, name), () => files.read(join(folder, name)))),
          () => undefined
        )
        const key = bytes && (yield* texts.keyIn(name, bytes))
        if (key !== undefined && fileOf(key) === join(folder, name)) keys.push(key)
      }
      return keys
    }),
    // Before the change, not after: an unwritable folder or a full disk must not cost a sign-in, or a refresh token.
    begin: (key, { reserve = false }) =>
      Effect.gen(function* () {
        const file = fileOf(key)
        const mayWrite = yield* takeTurn(key, reserve)
        const reserved = reserve
          ? yield* Effect.acquireRelease(
            step("Unwritable", file, () => files.reserve(file, texts.growth)),
            ({ release }) => Effect.promise(release)
          )
          : yield* Effect.as(step("Unwritable", folder, files.tryToWrite), undefined)
        return {
          // Nothing was decrypted where there is nothing, so the keychain is asked.
          read: Effect.tap(
            readInTurn(file),
            (current) => reserve || Option.isNone(current) ? texts.assertWritable(basename(file)) : Effect.void
          ),
          write: (value) => Effect.zipRight(mayWrite(Option.isNone(value)), writeFile(file, key, value, reserved))
        }
      }),
    // In the time of two `stat`, which is what a request waits for it. That of the folder changes also when a process that is
    // killed leaves a file behind.
    revision: (key) => {
      try {
        const [file, around] = [fileOf(key), folder].map((path) => statSync(path, { throwIfNoEntry: false }))
        return file === undefined
          ? `none ${around?.mtimeMs}`
          : `${file.ino} ${file.size} ${file.mtimeMs} ${file.ctimeMs} ${around?.mtimeMs}`
      } catch {
        return "unreadable"
      }
    }
  })
}

// What takes turns is one for each folder, however often it is opened, with or without encryption.
const folders = new Map<string, Folder>()
const stores = new Map<string, CredentialStore>()

/**
 * A store that shares nothing within this process: to others of its folder it is as one of another process. For tests.
 *
 * @param codec Encrypts the files. @default they are in the clear
 */
export const make = (
  { codec, folder }: { readonly folder: string; readonly codec?: FileText.Codec | undefined }
): CredentialStore => inFolder(shareFolder(folder), codec)

/**
 * The store in the folder `credentials` of the program's configuration directory, or of `directory`. The folder is created
 * (mode 0700) when something is first changed; a file has mode 0600. Wider modes are corrected. As ssh does, the store
 * uses no folder and no file of another user's, none that others can write to, no symbolic link in their place, and only
 * regular files of at most 1 MiB.
 *
 * A damaged file is renamed to `….damaged-<time>` and counts as absent; the notice `CredentialsDamaged` says so to the
 * `Presenter` that the store is used with, and stderr where there is none. It is removed with the credentials (`logout`).
 * A file of a newer version of this package is left alone.
 *
 * With `encrypt` a file in the clear is read, and encrypted when it is next changed; one whose key the keychain does not have
 * is left alone.
 *
 * Methods of the store fail with `CredentialStoreError` of reason
 *   - `Unreadable` when a file cannot be read, must not be used, was written by a newer version, or is encrypted and cannot be
 *     decrypted here;
 *   - `Unwritable` when the folder cannot be created or written to, or must not be used, which `modify` finds out before it
 *     runs its function;
 *   - `Damaged` when a damaged file cannot be renamed.
 *
 * @returns the store; fails with reason `Unreadable` when the path of the folder cannot be determined.
 */
export const open = (options: FileStoreOptions): Effect.Effect<CredentialStore, CredentialStoreError> =>
  Effect.gen(function* () {
    const path = yield* Effect.tryPromise({
      // Links may lead to the folder, but it is none itself.
      try: async () =>
        join(await canonicalPath(resolve(options.directory ?? ownConfigDirectory(options.appName))), "credentials"),
      catch: (cause) => failure("Unreadable", "the configuration directory", cause)
    })
    const isEncrypted = options.encrypt === true
    // The name of the program is the name of the key.
    const name = JSON.stringify([path, ...isEncrypted ? [options.appName] : []])
    const codec = isEncrypted && !stores.has(name)
      ? yield* Effect.flatMap(
        Effect.promise(() => import("./keychain/ownFileCodec.ts")),
        ({ ownFileCodec }) => ownFileCodec(options.appName)
      )
      : undefined
    const folder = folders.get(path) ?? shareFolder(path)
    folders.set(path, folder)
    const store = stores.get(name) ?? inFolder(folder, codec)
    stores.set(name, store)
    return store
  })
