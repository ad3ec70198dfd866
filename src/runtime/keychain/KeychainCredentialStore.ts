/**
 * Credentials in the keychain of this person.
 */
import * as Effect from "effect/Effect"
import { join } from "node:path"
import process from "node:process"
import type { CredentialStore } from "../../services/CredentialStore.ts"
import { CredentialStoreError } from "../../services/CredentialStoreError.ts"
import { type CredentialBackend, over } from "../../store/TextBackend.ts"
import { ownConfigDirectory } from "../configDirectory.ts"
import * as ChangeMarks from "./ChangeMarks.ts"
import * as Keychain from "./Keychain.ts"
import * as KeychainTexts from "./KeychainTexts.ts"

/** Whose credentials they are. */
export interface KeychainStoreOptions {
  /** Name of the program: what its entries in the keychain belong to. */
  readonly appName: string
}

type Exclusively = NonNullable<CredentialBackend["exclusively"]>

/** What a store is made of. */
export interface Parts {
  readonly keychain: Keychain.Keychain
  /** Where processes leave word of their changes. */
  readonly folder: string
  /** Turns among processes. @default every process for itself */
  readonly exclusively?: Exclusively | undefined
}

/** The store over a keychain. */
export const make = ({ exclusively, folder, keychain }: Parts): CredentialStore => {
  const marks = ChangeMarks.at(folder)
  const oneAtATime = Effect.unsafeMakeSemaphore(1).withPermits(1)
  const texts = KeychainTexts.make(keychain, (effect) =>
    oneAtATime(
      exclusively === undefined
        ? effect
        : Effect.scoped(Effect.zipRight(
          Effect.mapError(exclusively("index"), (error) =>
            error instanceof CredentialStoreError
              ? error
              : new CredentialStoreError({ reason: "Locked", detail: "another process keeps its turn. Try again" })),
          effect
        ))
    ))
  const marked = <A, E>(name: string, change: Effect.Effect<A, E>) =>
    Effect.zipLeft(change, Effect.promise(() => marks.touch(name)))
  return over({
    get: texts.get,
    set: (name, text) => marked(name, texts.set(name, text)),
    delete: (name) => marked(name, texts.delete(name)),
    list: texts.list,
    revision: marks.revision,
    ...(exclusively !== undefined && { exclusively })
  })
}

/** The keychain of this person on this machine, for the entries of a program. */
export const ownKeychain = (appName: string): Keychain.Keychain =>
  Keychain.make(appName, {
    platform: process.platform,
    env: process.env,
    load: () => import("@napi-rs/keyring")
  })

/** The folder of a program in its configuration directory. */
export const folderOf = (appName: string, name: string): Effect.Effect<string, CredentialStoreError> =>
  Effect.try({
    try: () => join(ownConfigDirectory(appName), name),
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
 * @returns the store; fails with reason `Unreadable` when the path of the configuration directory, where processes leave word
 * of their changes, cannot be determined.
 */
export const open = ({ appName }: KeychainStoreOptions): Effect.Effect<CredentialStore, CredentialStoreError> =>
  Effect.map(folderOf(appName, "keychain"), (folder) => make({ keychain: ownKeychain(appName), folder }))
