/**
 * What came of revoking the tokens of a sign-in (RFC 7009).
 */
import { type RevocableToken, RevocationError } from "./AuthorizationServerError.ts"
import type { Fault } from "./Fault.ts"

/** The revocation of one token; without a fault the server has ended it. */
export interface Attempt {
  readonly token: RevocableToken
  readonly fault: Fault | undefined
}

/** Whether a server says that a token has ended already: with its refresh token (Google), or long ago. */
const hasEnded = ({ error, status = 0 }: Fault): boolean => error === "invalid_token" && status < 500

/** Whether a server says that it revokes no tokens of this type. */
const isUnsupported = ({ error, status = 0 }: Fault): boolean => error === "unsupported_token_type" && status < 500

/**
 * Whether a server ended all that it can end: one that does not revoke access tokens (RFC 7009 section 2.2.1), as where they
 * are signed statements that nobody asks it about, has done its part when the refresh token is ended.
 */
const isAllItOffers = (attempts: ReadonlyArray<Attempt>): boolean =>
  attempts.every(({ fault, token }) =>
    fault === undefined || hasEnded(fault) ||
    (token === "access_token" && isUnsupported(fault) &&
      attempts.some((each) => each.token === "refresh_token" && (each.fault === undefined || hasEnded(each.fault))))
  )

/**
 * The error to fail with, if there is one: about all tokens that may still be valid, for the reason of the first one.
 *
 * @param validUntil When the access token expires, as ISO 8601 writes it.
 */
export const errorOf = (
  issuer: string,
  attempts: ReadonlyArray<Attempt>,
  validUntil: string | undefined
): RevocationError | undefined => {
  const failed = attempts.filter(({ fault }) => fault !== undefined)
  const fault = failed[0]?.fault
  if (fault === undefined || isAllItOffers(attempts)) return undefined
  const { cause, code, description, error, isWebPage, reason, status } = fault
  const tokens = failed.map(({ token }) => token)
  return new RevocationError({
    reason,
    issuer,
    status,
    error,
    description,
    code,
    cause,
    isWebPage,
    tokens,
    validUntil: tokens.includes("access_token") ? validUntil : undefined
  })
}
