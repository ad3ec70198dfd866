/**
 * Requests to the token endpoint and the revocation endpoint, as forms (RFC 6749 sections 4.1.3 and 6, RFC 7009).
 */
import * as Redacted from "effect/Redacted"

/** The form for a code. @param resource `undefined`: it is not sent. */
export const ofCode = (
  { code, codeVerifier, redirectUri, resource }: {
    readonly code: Redacted.Redacted<string>
    readonly codeVerifier: Redacted.Redacted<string>
    readonly redirectUri: string
    readonly resource: string | undefined
  }
): URLSearchParams =>
  withOptional({
    grant_type: "authorization_code",
    code: Redacted.value(code),
    code_verifier: Redacted.value(codeVerifier),
    redirect_uri: redirectUri,
    resource
  })

/** The form for a refresh token. */
export const ofRefreshToken = (
  { refreshToken, resource, scope }: {
    readonly refreshToken: Redacted.Redacted<string>
    readonly resource: string | undefined
    readonly scope?: string | undefined
  }
): URLSearchParams =>
  withOptional({
    grant_type: "refresh_token",
    refresh_token: Redacted.value(refreshToken),
    // An empty scope is none (RFC 6749 section 3.3).
    scope: scope === "" ? undefined : scope,
    resource
  })

/** The form that revokes a token. */
export const ofRevocation = (
  token: Redacted.Redacted<string>,
  hint: "access_token" | "refresh_token"
): URLSearchParams => withOptional({ token: Redacted.value(token), token_type_hint: hint })

const withOptional = (fields: Readonly<Record<string, string | undefined>>): URLSearchParams =>
  new URLSearchParams(
    Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined)
  )
