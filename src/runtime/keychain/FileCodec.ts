/**
 * Files that are worth nothing without the keychain of the person they belong to: encrypted by AES-256-GCM, with a random key
 * that is kept in the keychain alone.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { randomBytes } from "node:crypto"
import {
  additionalData,
  decode,
  decodeKey,
  encode,
  encodeKey,
  type FileKey,
  isEncrypted
} from "../../core/keychain/EncryptedText.ts"
import { writtenByNewer } from "../../core/mcp/Credentials.ts"
import { CredentialStoreError } from "../../services/CredentialStoreError.ts"
import type { Keychain } from "./Keychain.ts"

/** Encrypts and decrypts the text of one file. */
export interface FileCodec {
  /**
   * The text to write. Fails with `CredentialStoreError` where the keychain fails: nothing is ever written in the clear
   * then.
   */
  readonly seal: (text: string) => Effect.Effect<string, CredentialStoreError>
  /**
   * What was sealed. A text that was never sealed is given back as it is: it was written before encryption was asked for,
   * or is damaged beyond being known. Fails with `CredentialStoreError` of reason
   *   - `Unreadable` when the keychain fails, or does not have the key any more, or a newer version wrote the text;
   *   - `Damaged` when the text was changed, or is of another file.
   */
  readonly open: (text: string) => Effect.Effect<string, CredentialStoreError>
}

/** The entry of the keychain that has the key. */
export const keyAccount = "file-key"

type Result<A> = Effect.Effect<A, CredentialStoreError>

const failed = (reason: "Unreadable" | "Damaged", detail: string) => new CredentialStoreError({ reason, detail })

const lost = (why: string) =>
  failed("Unreadable", `they are encrypted, and ${why}. Where it was reset: remove the file and sign in again`)

const newKey = (): FileKey => ({ id: randomBytes(8).toString("hex"), bytes: randomBytes(32) })

const algorithm = "AES-GCM"

const imported = ({ bytes }: FileKey) =>
  crypto.subtle.importKey("raw", Uint8Array.from(bytes), algorithm, false, ["encrypt", "decrypt"])

/** The parameters of one text. */
const parameters = (keyId: string, name: string, nonce: Uint8Array) => ({
  name: algorithm,
  iv: Uint8Array.from(nonce),
  additionalData: Uint8Array.from(additionalData(keyId, name)),
  tagLength: 128
})

/**
 * The codec of files whose key is in a keychain.
 *
 * @param keyTurn - Runs an effect while nobody else, in no process, makes a key.
 * @returns the codec of one file, by its name. Two files have two names: a text that is moved to another file is damaged
 * there.
 */
export const make = (
  keychain: Keychain,
  keyTurn: <A>(effect: Result<A>) => Result<A>
): (name: string) => FileCodec => {
  const known = new Map<string, FileKey>()
  const kept: Result<FileKey | undefined> = Effect.flatMap(keychain.get(keyAccount), (text) => {
    if (text === undefined) return Effect.succeed(undefined)
    const key = decodeKey(text)
    if (key === undefined) {
      return failed(
        "Unreadable",
        `the entry ${keyAccount} of the keychain holds no key. Remove it and the files, and sign in again`
      )
    }
    known.set(key.id, key)
    return Effect.succeed(key)
  })
  const made: Result<FileKey> = Effect.gen(function* () {
    const other = yield* kept
    if (other !== undefined) return other
    yield* keychain.set(keyAccount, encodeKey(newKey()))
    // What is in the keychain counts, not what was given to it.
    return (yield* kept) ?? (yield* lost("the keychain does not keep what it is given"))
  })
  // Asked for at each writing, since others would find no key for a text that is sealed with one that was removed.
  const toSeal = Effect.flatMap(kept, (key) => key === undefined ? keyTurn(made) : Effect.succeed(key))
  const toOpen = (id: string): Result<FileKey> =>
    Effect.suspend(() => {
      const key = known.get(id)
      if (key !== undefined) return Effect.succeed(key)
      return Effect.flatMap(kept, (key) =>
        key === undefined
          ? lost("the keychain has no key for them")
          : key.id !== id
          ? lost("the keychain has another key than theirs")
          : Effect.succeed(key))
    })
  return (name) => ({
    seal: (text) =>
      Effect.flatMap(toSeal, (key) =>
        Effect.promise(async () => {
          const nonce = Uint8Array.from(randomBytes(12))
          const bytes = await crypto.subtle.encrypt(
            parameters(key.id, name, nonce),
            await imported(key),
            new TextEncoder().encode(text)
          )
          return encode({ keyId: key.id, nonce, bytes: new Uint8Array(bytes) })
        })),
    open: (text) =>
      Effect.gen(function* () {
        if (!isEncrypted(text)) return text
        const found = decode(text)
        if (Either.isLeft(found)) {
          return yield* found.left === "newer"
            ? failed(
              "Unreadable",
              `${writtenByNewer}. Update this program, or remove the file and sign in again`
            )
            : failed("Damaged", "the encrypted file is damaged. Remove it and sign in again")
        }
        const { bytes, keyId, nonce } = found.right
        const key = yield* toOpen(keyId)
        return yield* Effect.tryPromise({
          try: async () =>
            new TextDecoder("utf-8", { fatal: true }).decode(
              await crypto.subtle.decrypt(parameters(keyId, name, nonce), await imported(key), Uint8Array.from(bytes))
            ),
          // Without the cause: what a runtime says of it is "the operation failed".
          catch: () =>
            failed("Damaged", "the encrypted file was changed, or is another file's. Remove it and sign in again")
        })
      })
  })
}
