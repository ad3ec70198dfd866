/**
 * The hash by which a Content Security Policy lets a style sheet in.
 */
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"

/** Base64 SHA-256 of a style sheet. A browser turns CR and CRLF into LF before it hashes. */
export const styleHash = (style: string): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(style.replace(/\r\n?/g, "\n")))),
    (digest) => Encoding.encodeBase64(new Uint8Array(digest))
  )
