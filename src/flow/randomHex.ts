/**
 * Random values that go into a URL.
 */
import * as Effect from "effect/Effect"

/**
 * Random bytes from the system's generator as lower-case hexadecimal digits, which servers neither change in case nor
 * escape nor trim, as some do with letters of base64url.
 */
export const randomHex = (bytes: number): Effect.Effect<string> =>
  Effect.sync(() =>
    Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("")
  )
