/**
 * Credentials that come from outside of a store.
 */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { isPlain, printable } from "../text/SafeText.ts"
import { type CredentialKey, type Credentials, decode, encode, keyOf } from "./Credentials.ts"
import * as ServerUrl from "./ServerUrl.ts"

/** What is imported, and what it is stored under. */
export interface Imported {
  readonly key: CredentialKey
  readonly credentials: Credentials
}

const keyIn = (text: string): Either.Either<CredentialKey, string> => {
  const key = keyOf(text)
  if (key === undefined) return Either.left("the field server is missing or of the wrong type")
  const { account = "", variant = "" } = key
  // It will be shown, and comes from a program that may not be this one.
  if (printable(account, 500) !== account) return Either.left("the field account is no printable text")
  if (variant !== "" && !isPlain(variant, 16_384)) return Either.left("the field variant is no printable text")
  return Either.match(ServerUrl.parse(key.serverUrl), {
    onLeft: () => Either.left("the field server is the URL of no server that can be signed in to"),
    onRight: ({ href }) => Either.right({ ...key, serverUrl: href })
  })
}

/**
 * Reads what was exported. It is checked as what a store keeps is, and so is the server that it is for.
 *
 * @returns `Left` with one clause that says what is wrong and quotes nothing of the text, as `decode` of `Credentials` does.
 */
export const read = (text: string): Either.Either<Imported, string> =>
  Either.gen(function* () {
    const credentials = yield* decode(text)
    return { key: yield* keyIn(text), credentials }
  })

/** What an import makes of what is stored: nothing is lost that is not the same, unless that is asked for. */
export const merge = (
  current: Option.Option<Credentials>,
  { credentials, key }: Imported,
  overwrite: boolean
): Either.Either<Credentials, "Different"> =>
  Option.match(current, {
    onNone: () => Either.right(credentials),
    onSome: (stored) =>
      overwrite || encode(key, stored) === encode(key, credentials)
        ? Either.right(credentials)
        : Either.left("Different")
  })
