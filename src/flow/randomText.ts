/**
 * Random values that go into a URL.
 */
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"

/** Random bytes from the system's generator, as base64url text. */
export const randomText = (bytes: number): Effect.Effect<string> =>
  Effect.sync(() => Encoding.encodeBase64Url(crypto.getRandomValues(new Uint8Array(bytes))))
