/**
 * Credentials in the keychain of this person.
 */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs/promises"
import { join } from "node:path"
import process from "node:process"
import { printable, withoutStop } from "../../core/text/SafeText.ts"
import * as OneAtATime from "../../effect/OneAtATime.ts"
import type { CredentialStore } from "../../services/CredentialStore.ts"
import { CredentialStoreError } from "../../services/CredentialStoreError.ts"
import { over } from "../../store/CredentialBackend.ts"
import { ownConfigDirectory } from "../configDirectory.ts"
import * as ProcessLease from "../lease/ProcessLease.ts"
import * as PrivateFolder from "../PrivateFolder.ts"
import { shownPath } from "../shownPath.ts"
import * as ChangeMarks from "./ChangeMarks.ts"
import * as Keychain from "./Keychain.ts"
import * as KeychainTexts from "./KeychainTexts.ts"

/**
 * Whose credentials they are.
 *
 * @since 0.1.0
 * @category options
 */
export interface KeychainStoreOptions {
  /** Name of the program: what its entries in the keychain belong to. */
  readonly appName: string
}

/** What a store is made of. */
export interface Parts {
  readonly keychain: Keychain.Keychain
  /** Where processes mark their changes for each other, and take turns. */
  readonly folder: string
}

/** Turns of all processes, in a folder that only this user can enter. It is made when it is needed. */
export const turnsIn = (folder: string): ProcessLease.Leases["exclusively"] => {
  const leaseFolder = join(folder, "leases")
  const leases = ProcessLease.at(leaseFolder)
  let isPrepared = false
  const prepare = Effect.tryPromise({
    try: async () => {
      if (!isPrepared) await PrivateFolder.at(folder).prepare()
      const made = await Fs.mkdir(leaseFolder, { recursive: true, mode: 0o700 })
      // Somebody has removed it all meanwhile.
      if (isPrepared && made !== undefined) await PrivateFolder.at(folder).prepare()
      isPrepared = true
    },
    catch: (cause) =>
      new CredentialStoreError({
        reason: "Unwritable",
        detail: `${shownPath(folder)}, where processes take turns with the keychain, cannot be used: ` +
          withoutStop(printable(cause instanceof Error ? cause.message : "", 500)),
        cause
      })
  })
  return (name, options) => Effect.zipRight(prepare, leases.exclusively(name, options))
}

/** The store over a keychain. */
export const make = ({ folder, keychain }: Parts): CredentialStore => {
  const marks = ChangeMarks.at(folder)
  const takeTurn = turnsIn(folder)
  const held = new Map<string, ProcessLease.Lease>()
  const exclusively: typeof takeTurn = (name, options) =>
    Effect.tap(takeTurn(name, options), (lease) =>
      Effect.acquireRelease(
        Effect.sync(() => held.set(name, lease)),
        () => Effect.sync(() => void (held.get(name) === lease && held.delete(name)))
      ))
  const oneAtATime = OneAtATime.make().run
  const texts = KeychainTexts.make(
    keychain,
    // No text has this name: that of a text has a `#` in it.
    (effect) => oneAtATime(Effect.scoped(Effect.zipRight(takeTurn("names"), effect)))
  )
  const marked = <A>(name: string, change: Effect.Effect<A, CredentialStoreError>) =>
    Effect.suspend(() => held.get(name)?.assertHeld ?? Effect.void).pipe(
      Effect.zipRight(change),
      // Also after a change that failed half-way.
      Effect.ensuring(Effect.promise(() => marks.touch(name)))
    )
  return over({
    get: texts.get,
    set: (name, text) => marked(name, texts.set(name, text)),
    delete: (name) => marked(name, texts.delete(name)),
    list: texts.list,
    revision: marks.revision,
    exclusively
  })
}

/** The keychain of this person on this machine, for the entries of a program. */
export const ownKeychain = (appName: string): Keychain.Keychain =>
  Keychain.make(appName, {
    platform: process.platform,
    env: process.env,
    // Caught, so that bundlers do not fail where it is not installed.
    load: () =>
      import("@napi-rs/keyring").catch((cause: unknown) => {
        throw cause
      })
  })

/** The folder in a program's configuration directory where processes take turns with its keychain. */
export const folderOf = (appName: string): Effect.Effect<string, CredentialStoreError> =>
  Effect.try({
    try: () => join(ownConfigDirectory(appName), "keychain"),
    catch: (cause) =>
      new CredentialStoreError({
        reason: "Unreadable",
        detail: `the configuration directory cannot be found: ${cause instanceof Error ? cause.message : "no reason"}`
      })
  })

/**
 * The store in the keychain. It holds the credentials themselves, in entries of the service `appName`, and is the only place
 * for them: where the keychain is not there, or is locked, its methods fail with `CredentialStoreError`, whose detail says
 * what is missing.
 *
 * @returns the store; fails with reason `Unreadable` when the path of the configuration directory, where processes mark
 * their changes, cannot be determined.
 */
export const open = ({ appName }: KeychainStoreOptions): Effect.Effect<CredentialStore, CredentialStoreError> =>
  Effect.map(folderOf(appName), (folder) => make({ keychain: ownKeychain(appName), folder }))
