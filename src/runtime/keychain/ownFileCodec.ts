/**
 * The codec of a program's encrypted files, with its key in the keychain of this person.
 */
import * as Effect from "effect/Effect"
import * as OneAtATime from "../../effect/OneAtATime.ts"
import type { CredentialStoreError } from "../../services/CredentialStoreError.ts"
import * as FileCodec from "./FileCodec.ts"
import { folderOf, ownKeychain, turnsIn } from "./KeychainCredentialStore.ts"

/**
 * Gives the codec of one file by its name. All programs of this `appName` share the key, wherever their files are.
 *
 * Fails with reason `Unreadable` when the configuration directory, where processes take turns to make the key, cannot be
 * found.
 */
export const ownFileCodec = (
  appName: string
): Effect.Effect<(name: string) => FileCodec.FileCodec, CredentialStoreError> =>
  Effect.map(folderOf(appName), (folder) => {
    const takeTurn = turnsIn(folder)
    const oneAtATime = OneAtATime.make().run
    return FileCodec.make(
      ownKeychain(appName),
      (effect) => oneAtATime(Effect.scoped(Effect.zipRight(takeTurn(FileCodec.keyAccount), effect)))
    )
  })
