/**
 * The hash by which a Content Security Policy lets a style sheet in.
 */
import * as Effect from "effect/Effect"
import { base64url } from "../core/oauth/Base64Url.ts"

/** Base64 SHA-256 of a style sheet, as a browser reads it: HTML knows no CR. */
export const styleHash = (style: string): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(style.replace(/\r\n?/g, "\n")))),
    (digest) => `${base64url(new Uint8Array(digest)).replaceAll("-", "+").replaceAll("_", "/")}=`
  )
