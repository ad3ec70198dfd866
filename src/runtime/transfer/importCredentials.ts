/**
 * Credentials of one key, into a store.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { shownServer } from "../../core/mcp/CredentialChoice.ts"
import { writtenByNewer } from "../../core/mcp/Credentials.ts"
import * as ImportedCredentials from "../../core/mcp/ImportedCredentials.ts"
import { type CredentialKey, CredentialStore, CredentialStoreError } from "../../services/CredentialStore.ts"
import { shownPath } from "../shownPath.ts"
import type { ImportOptions } from "./TransferOptions.ts"
import * as ImportSource from "./ImportSource.ts"

const utf8 = new TextDecoder("utf-8", { fatal: true })

const textOf = (bytes: Uint8Array): Either.Either<string, string> =>
  Either.try({ try: () => utf8.decode(bytes), catch: () => "the text is not UTF-8" })

const problemIn = (from: string, problem: string) =>
  new CredentialStoreError({
    reason: problem === writtenByNewer ? "Unreadable" : "Damaged",
    detail: problem === writtenByNewer
      ? `${shownPath(from)}: ${problem}. Update this program`
      : `${shownPath(from)} cannot be imported: ${problem}. Export it again`
  })

const isThere = ({ account = "", serverUrl }: CredentialKey) =>
  new CredentialStoreError({
    reason: "Unwritable",
    detail: `other credentials are stored for ${shownServer(serverUrl)}${account === "" ? "" : " and this account"}. ` +
      "Pass overwrite: true to replace them, or sign out first",
    code: "EEXIST"
  })

/** See `importCredentials` of the entries. */
export const importCredentials = (
  { from, overwrite = false }: ImportOptions
): Effect.Effect<CredentialKey, CredentialStoreError, CredentialStore> =>
  Effect.gen(function* () {
    const store = yield* CredentialStore
    const bytes = yield* ImportSource.read(from)
    const read = Either.flatMap(textOf(bytes), ImportedCredentials.read)
    const imported = yield* Either.mapLeft(read, (problem) => problemIn(from, problem))
    yield* store.modify(imported.key, (current) =>
      Either.match(ImportedCredentials.merge(current, imported, overwrite), {
        onLeft: () => Effect.fail(isThere(imported.key)),
        onRight: (credentials) => Effect.succeed([undefined, Option.some(credentials)] as const)
      }))
    return imported.key
  })
