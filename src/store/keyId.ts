/**
 * A name for what is stored under a key, which can be shown where the key cannot.
 */
import * as Effect from "effect/Effect"
import { type CredentialKey, keyText } from "../core/mcp/Credentials.ts"

/**
 * The first 96 bits of the SHA-256 digest of the key's text, in hexadecimal digits: the URL of a server may have a query with
 * a long secret, which cannot be read out of this.
 */
export const keyId = (key: CredentialKey): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(keyText(key)))),
    (digest) => Array.from(new Uint8Array(digest, 0, 12), (byte) => byte.toString(16).padStart(2, "0")).join("")
  )
