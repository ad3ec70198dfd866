/**
 * Proof key for code exchange (RFC 7636).
 */
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"

/**
 * A verifier to keep and the challenge to send.
 *
 * @since 0.1.0
 * @category constructors
 */
export interface Pkce {
  /** Sent with the code to the token endpoint: 43 characters, 256 random bits (RFC 7636 section 4.1). */
  readonly verifier: Redacted.Redacted<string>
  /** Sent with the authorization request as `code_challenge`. */
  readonly challenge: string
  /** Sent as `code_challenge_method`. */
  readonly method: "S256"
}

/** The S256 challenge of a verifier (RFC 7636 section 4.2). */
export const challenge = (verifier: Redacted.Redacted<string>): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(Redacted.value(verifier)))),
    (digest) => Encoding.encodeBase64Url(new Uint8Array(digest))
  )

/**
 * Proof keys, one for each authorization request.
 *
 * @since 0.1.0
 * @category constructors
 */
export const Pkce: { readonly make: Effect.Effect<Pkce> } = {
  /**
   * A new verifier with its S256 challenge (RFC 7636). Never fails.
   *
   * @example
   * ```ts
   * import { Effect } from "effect"
   * import { Pkce } from "effect-oauth-callback"
   *
   * const pkce = Effect.runPromise(Pkce.make)
   * if ((await pkce).challenge.length !== 43) throw new Error("a SHA-256 digest is 43 base64url characters")
   * ```
   */
  make: Effect.gen(function* () {
    const verifier = Redacted.make(Encoding.encodeBase64Url(crypto.getRandomValues(new Uint8Array(32))))
    return { verifier, challenge: yield* challenge(verifier), method: "S256" as const }
  })
}
