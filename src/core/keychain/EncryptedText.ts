/**
 * Encrypted credentials as the text of a file, and the key as the text of an entry of the keychain.
 */
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import { isJsonObject, parse } from "../text/JsonObject.ts"

/** What an encrypted text consists of. */
export interface Encrypted {
  /** Which key it is encrypted with. */
  readonly keyId: string
  /** 96 random bits, for one text only (NIST SP 800-38D). */
  readonly nonce: Uint8Array
  /** The text as AES-256-GCM leaves it, with its tag. */
  readonly bytes: Uint8Array
}

/** A key, and a name for it that says nothing of it. */
export interface FileKey {
  readonly id: string
  readonly bytes: Uint8Array
}

/** What can be wrong with a text: it is damaged, or a newer version of this package wrote it. */
export type Unusable = "damaged" | "newer"

/**
 * A version that credentials in the clear do not have: whoever knows these alone says that a newer version wrote the file,
 * and leaves it where it is.
 */
const version = 2
/** Of `encrypted`: AES-256-GCM, and what is authenticated with it. */
const format = 1
const nonceLength = 12
const keyLength = 32

/** Base64url without padding; `undefined` where it is something else. */
const bytesOf = (value: unknown): Uint8Array | undefined => {
  if (typeof value !== "string" || !/^[\w-]*$/.test(value) || value.length % 4 === 1) return undefined
  return Uint8Array.from(atob(value.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0))
}

/** Whether a text is of an encrypted file, also of a damaged one or of a newer version. */
export const isEncrypted = (text: string): boolean => {
  const fields = parse(text)
  return fields !== undefined && Object.hasOwn(fields, "encrypted")
}

/** The text of an encrypted file. */
export const encode = ({ bytes, keyId, nonce }: Encrypted): string => {
  const encrypted = {
    format,
    key: keyId,
    nonce: Encoding.encodeBase64Url(nonce),
    text: Encoding.encodeBase64Url(bytes)
  }
  return `${JSON.stringify({ version, encrypted }, null, 2)}\n`
}

/** Reads what {@link encode} wrote. Never throws. */
export const decode = (text: string): Either.Either<Encrypted, Unusable> => {
  const fields = parse(text)
  const encrypted = fields?.["encrypted"]
  if (fields === undefined || !isJsonObject(encrypted)) return Either.left("damaged")
  const isNewer = (value: unknown, known: number) => typeof value === "number" && value > known
  if (isNewer(fields["version"], version) || isNewer(encrypted["format"], format)) return Either.left("newer")
  if (fields["version"] !== version || encrypted["format"] !== format) return Either.left("damaged")
  const { key: keyId } = encrypted
  const [nonce, bytes] = [bytesOf(encrypted["nonce"]), bytesOf(encrypted["text"])]
  return typeof keyId !== "string" || nonce?.length !== nonceLength || bytes === undefined
    ? Either.left("damaged")
    : Either.right({ keyId, nonce, bytes })
}

/**
 * What is authenticated beside the text: the format, the key and the name of the file, so that no part of one file can take
 * the place of the same part of another.
 */
export const additionalData = (keyId: string, name: string): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(["effect-oauth-callback", version, format, keyId, name]))

/** The text of a key, for the keychain. It holds the key in the clear. */
export const encodeKey = ({ bytes, id }: FileKey): string =>
  JSON.stringify({ version: 1, id, key: Encoding.encodeBase64Url(bytes) })

/** Reads what {@link encodeKey} wrote; `undefined` where it is no key. Never throws. */
export const decodeKey = (text: string): FileKey | undefined => {
  const fields = parse(text)
  const bytes = bytesOf(fields?.["key"])
  const id = fields?.["id"]
  return fields?.["version"] === 1 && typeof id === "string" && bytes?.length === keyLength ? { id, bytes } : undefined
}
