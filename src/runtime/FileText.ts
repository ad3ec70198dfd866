/**
 * Credentials as the bytes of a file, in the clear or encrypted.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { type CredentialKey, type Credentials, decode, keyOf, writtenByNewer } from "../core/mcp/Credentials.ts"
import { CredentialStoreError } from "../services/CredentialStore.ts"
import { toText } from "../store/credentialText.ts"
import type { FileCodec } from "./keychain/FileCodec.ts"
import { shownPath } from "./shownPath.ts"

/** Encrypts and decrypts a file, by its name without the folder. */
export type Codec = (name: string) => FileCodec

/**
 * What a file can be read as. `read` and `keyIn` fail with reason `Unreadable` where the file is whole, but cannot be used here.
 */
export interface FileText {
  /** The credentials in a file; `Left`: how it is damaged. */
  readonly read: (
    name: string,
    bytes: Uint8Array
  ) => Effect.Effect<Either.Either<Credentials, string>, CredentialStoreError>
  /** The key that a file was written for; `undefined` where it is none of ours, damaged, or of a newer version. */
  readonly keyIn: (name: string, bytes: Uint8Array) => Effect.Effect<CredentialKey | undefined, CredentialStoreError>
  /** What to write to a file. */
  readonly write: (
    name: string,
    key: CredentialKey,
    credentials: Credentials
  ) => Effect.Effect<string, CredentialStoreError>
  /** Fails with reason `Unwritable` where credentials could not be encrypted now. */
  readonly assertWritable: (name: string) => Effect.Effect<void, CredentialStoreError>
  /** By how much a text can grow when it is written, beside what is in it: Base64 has four letters for three bytes. */
  readonly growth: number
}

const utf8 = new TextDecoder("utf-8", { fatal: true })

const textOf = (bytes: Uint8Array): Either.Either<string, string> => {
  try {
    return Either.right(utf8.decode(bytes))
  } catch {
    return Either.left("the text is not UTF-8")
  }
}

const unreadable = (detail: string) => new CredentialStoreError({ reason: "Unreadable", detail })

/** The error of the keychain, about a file. */
const about = (
  file: string,
  { cause, code, detail, reason }: CredentialStoreError,
  as: CredentialStoreError["reason"] = reason
) =>
  new CredentialStoreError({
    reason: as,
    detail: `${file}: ${detail}`,
    ...(code !== undefined && { code }),
    ...(cause !== undefined && { cause })
  })

type Opened = Either.Either<string, string>

/**
 * The texts of files in a folder.
 *
 * @param pathOf The path of a file, for errors.
 * @param codec Encrypts what is written. Text in the clear is read all the same. @default in the clear
 */
export const make = (pathOf: (name: string) => string, codec?: Codec): FileText => {
  const shown = (name: string) => shownPath(pathOf(name))

  /** The text in the clear; `Left`: how it is damaged. */
  const open = (name: string, bytes: Uint8Array): Effect.Effect<Opened, CredentialStoreError> => {
    const text = textOf(bytes)
    if (Either.isLeft(text) || codec === undefined) return Effect.succeed(text)
    return codec(name).open(text.right).pipe(
      Effect.map((opened): Opened => Either.right(opened)),
      Effect.catchAll((error) =>
        error.reason === "Damaged"
          ? Effect.succeed<Opened>(Either.left("what is encrypted was changed, or is another file's"))
          : Effect.fail(about(shown(name), error))
      )
    )
  }
  /** Fails where a text is encrypted, and this store was not told to. */
  const refuseEncrypted = (name: string, text: string) =>
    Effect.flatMap(
      // Loaded for a text that seems to be of a newer version alone.
      Effect.promise(() => import("../core/keychain/EncryptedText.ts")),
      ({ isEncrypted }) =>
        isEncrypted(text)
          ? unreadable(
            `${shown(name)}: they are encrypted, which this program did not ask for. Set \`encrypt: true\` beside ` +
              "`appName`, which has to be that of the program that wrote them"
          )
          : Effect.void
    )
  const isNewer = (decoded: Either.Either<unknown, string>) => Either.isLeft(decoded) && decoded.left === writtenByNewer
  const seal = (name: string, text: string): Effect.Effect<string, CredentialStoreError> =>
    codec === undefined
      ? Effect.succeed(text)
      : Effect.mapError(codec(name).seal(text), (error) => about(shown(name), error, "Unwritable"))

  return {
    read: (name, bytes) =>
      Effect.gen(function* () {
        const opened = yield* open(name, bytes)
        const decoded = Either.flatMap(opened, decode)
        if (Either.isLeft(opened) || !isNewer(decoded)) return decoded
        yield* refuseEncrypted(name, opened.right)
        const todo = "Update this program, or remove the file and sign in again"
        return yield* unreadable(`${shown(name)}: ${writtenByNewer}. ${todo}`)
      }),
    keyIn: (name, bytes) =>
      Effect.gen(function* () {
        const opened = yield* open(name, bytes)
        if (Either.isLeft(opened)) return undefined
        if (isNewer(decode(opened.right))) yield* refuseEncrypted(name, opened.right)
        return keyOf(opened.right)
      }),
    write: (name, key, credentials) => Effect.flatMap(toText(key, credentials), (text) => seal(name, text)),
    assertWritable: (name) => Effect.asVoid(seal(name, "")),
    growth: codec === undefined ? 1 : 4 / 3
  }
}
