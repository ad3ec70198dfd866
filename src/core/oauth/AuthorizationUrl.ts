/**
 * Checks the URL of an authorization request (RFC 6749 section 4.1.1) before a person is sent to it: its answer must come
 * back to this flow. The URL is never rewritten.
 */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { InvalidAuthorizationUrl, type InvalidAuthorizationUrlReason } from "./FlowError.ts"

declare const brand: unique symbol

/** A URL that passed the checks: http(s), with this flow's `state` and `redirect_uri`. */
export interface AuthorizationUrl extends URL {
  readonly [brand]: "AuthorizationUrl"
}

/** Parameters that the URL must have. */
export interface ExpectedUrl {
  readonly state: Redacted.Redacted<string>
  readonly redirectUri: string
}

/**
 * Checks, in this order: that it is a URL, its scheme, `state`, `redirect_uri`.
 *
 * Each of the two parameters must be this flow's and occur exactly once. It may be absent only beside `request` (RFC
 * 9101) or `request_uri` (RFC 9126), which carry the parameters instead.
 *
 * @returns `Right` with a copy of the URL, or `Left` with `InvalidAuthorizationUrl` of reason `NotAUrl`, `Scheme`,
 * `StateMismatch` or `RedirectUriMismatch`.
 */
export const check = (
  input: URL | string,
  expected: ExpectedUrl
): Either.Either<AuthorizationUrl, InvalidAuthorizationUrl> => {
  const fail = (reason: InvalidAuthorizationUrlReason) =>
    Either.left(new InvalidAuthorizationUrl({ reason, redirectUri: expected.redirectUri }))
  const text = String(input)
  if (!URL.canParse(text)) return fail("NotAUrl")
  const url = new URL(text)
  if (url.protocol !== "https:" && url.protocol !== "http:") return fail("Scheme")
  const parameters = url.searchParams
  const carriedElsewhere = parameters.has("request") || parameters.has("request_uri")
  const carries = (name: string, value: string): boolean => {
    const found = parameters.getAll(name)
    return found.length === 0 ? carriedElsewhere : found.length === 1 && found[0] === value
  }
  if (!carries("state", Redacted.value(expected.state))) return fail("StateMismatch")
  if (!carries("redirect_uri", expected.redirectUri)) return fail("RedirectUriMismatch")
  return Either.right(url as AuthorizationUrl)
}
