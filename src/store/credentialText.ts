/**
 * Credentials as the text that a store keeps.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { type CredentialKey, type Credentials, decode, encode, writtenByNewer } from "../core/mcp/Credentials.ts"
import { CredentialStoreError } from "../services/CredentialStoreError.ts"

/** The text to keep credentials as; fails with reason `Unwritable` when an `extra` holds what JSON cannot. */
export const toText = (key: CredentialKey, credentials: Credentials): Effect.Effect<string, CredentialStoreError> =>
  Effect.try({
    try: () => encode(key, credentials),
    // Without the cause: what an engine says of such a value names fields of it.
    catch: () =>
      new CredentialStoreError({
        reason: "Unwritable",
        detail: "a field `extra` holds what JSON cannot. Put only JSON there"
      })
  })

/**
 * The credentials in a text. Fails with reason `Unreadable` where a newer version of this package wrote it, and with
 * `Damaged` where it is none of ours: only its owner can say what it is, so it is left alone.
 *
 * @param entry What holds the text, in words.
 */
export const fromText = (entry: string, text: string): Effect.Effect<Credentials, CredentialStoreError> =>
  Either.match(decode(text), {
    onRight: Effect.succeed,
    onLeft: (problem) =>
      new CredentialStoreError({
        reason: problem === writtenByNewer ? "Unreadable" : "Damaged",
        detail: problem === writtenByNewer
          ? `${entry}: ${problem}. Update this program, or remove the entry and sign in again`
          : `${entry} cannot be used: ${problem}. Remove it and sign in again`
      })
  })
