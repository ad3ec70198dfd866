/**
 * Names for what is stored under a key, which can be shown where the key cannot: the URL of a server may have a query with a
 * long secret, which cannot be read out of a digest.
 */
import * as Effect from "effect/Effect"
import { type CredentialKey, keyText } from "../core/mcp/Credentials.ts"

/** The SHA-256 digest of the key's text, in 64 hexadecimal digits. */
export const keyDigest = (key: CredentialKey): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(keyText(key)))),
    (digest) => Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("")
  )

/** The first 96 bits of the digest of a key, in 24 hexadecimal digits. */
export const keyId = (key: CredentialKey): Effect.Effect<string> =>
  Effect.map(keyDigest(key), (digest) => digest.slice(0, 24))
