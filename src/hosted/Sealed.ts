/**
 * Texts that the store cannot read. Everything comes of one secret that only the browser brings: under which key a text is
 * kept (a digest of it), and what it is encrypted with. So there is no key to manage, and the store alone reveals nothing.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import type * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

/** What a value that comes of a secret is for: values for two purposes say nothing of each other. */
export type Purpose = "pending" | "answered" | "page" | "kept" | "cookie"

/** A secret text with at least 128 random bits. */
export type Secret = Redacted.Redacted<string>

const domain = (purpose: string): string => `effect-oauth-callback/hosted/1/${purpose}\0`

const bytesOf = (text: string) => new TextEncoder().encode(text)

/** A name that comes of a secret, and says nothing of it: 43 letters of base64url (SHA-256). */
export const nameOf = (purpose: Purpose, secret: Secret): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", bytesOf(domain(purpose) + Redacted.value(secret)))),
    (digest) => Encoding.encodeBase64Url(new Uint8Array(digest))
  )

const algorithm = "AES-GCM"

const keyOf = async (purpose: Purpose, secret: Secret) => {
  const material = await crypto.subtle.importKey("raw", bytesOf(Redacted.value(secret)), "HKDF", false, ["deriveKey"])
  return crypto.subtle.deriveKey(
    // The secret is random, so that no salt is needed (RFC 5869 section 3.1).
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(32), info: bytesOf(domain(`${purpose}/key`)) },
    material,
    { name: algorithm, length: 256 },
    false,
    ["encrypt", "decrypt"]
  )
}

const nonceLength = 12

/** Encrypts a text under a key that comes of the secret (HKDF with SHA-256, AES-256-GCM). */
export const seal = (purpose: Purpose, secret: Secret, text: string): Effect.Effect<Redacted.Redacted<string>> =>
  Effect.promise(async () => {
    const iv = crypto.getRandomValues(new Uint8Array(nonceLength))
    const key = await keyOf(purpose, secret)
    const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: algorithm, iv }, key, bytesOf(text)))
    const whole = new Uint8Array(nonceLength + sealed.length)
    whole.set(iv)
    whole.set(sealed, nonceLength)
    return Redacted.make(Encoding.encodeBase64Url(whole))
  })

/** The text that was sealed. `None`: it was changed, or is of another secret or purpose. */
export const open = (
  purpose: Purpose,
  secret: Secret,
  sealed: Redacted.Redacted<string>
): Effect.Effect<Option.Option<string>> =>
  Effect.option(Effect.tryPromise(async () => {
    const decoded = Encoding.decodeBase64Url(Redacted.value(sealed))
    const whole = Uint8Array.from(Either.isRight(decoded) ? decoded.right : [])
    const parameters = { name: algorithm, iv: whole.slice(0, nonceLength) }
    const key = await keyOf(purpose, secret)
    return new TextDecoder().decode(await crypto.subtle.decrypt(parameters, key, whole.slice(nonceLength)))
  }))
