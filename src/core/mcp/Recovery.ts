/**
 * What to do when the MCP server refuses a request: get another token, get more scopes, or give the response to the caller.
 */
import * as Option from "effect/Option"
import { bearer, type BearerChallenge } from "./Challenge.ts"

/** How often each was tried for one request. */
export interface Tries {
  readonly renewals: number
  readonly stepUps: number
}

/** Nothing was tried yet. */
export const none: Tries = { renewals: 0, stepUps: 0 }

/** What to do with a response. */
export type Step =
  /** Give the response to the caller. */
  | { readonly _tag: "Return" }
  /** The token is missing or not valid (RFC 6750 section 3.1): get another, then repeat the request. */
  | { readonly _tag: "Renew"; readonly challenge: BearerChallenge; readonly tries: Tries }
  /**
   * The token lacks scopes (RFC 6750 section 3.1), or the person has to be authenticated in another way (RFC 9470): get one
   * that has what the challenge names, then repeat the request.
   */
  | { readonly _tag: "StepUp"; readonly challenge: BearerChallenge; readonly tries: Tries }

/**
 * A token that another process has stored may be refused, and the one that it is refreshed to; then comes one from a new
 * sign-in, and no fourth.
 */
const maxRenewals = 3
/** The MCP specification has clients try a step-up a few times at most. */
const maxStepUps = 3

/**
 * Whether a refusal says that a token is missing or not valid. Some servers refuse a request without a token with 400 or
 * 403: there a Bearer challenge tells it from a refusal of another kind.
 */
export const wantsToken = (status: number, hasChallenge: boolean, sentToken: boolean): boolean =>
  status === 401 || (!sentToken && hasChallenge && (status === 400 || status === 403))

/**
 * What to do with a response of the MCP server.
 *
 * @param sentToken Whether the request had a token.
 */
export const next = (
  { status, wwwAuthenticate }: { readonly status: number; readonly wwwAuthenticate: string | null },
  sentToken: boolean,
  tries: Tries
): Step => {
  const bearerChallenge = bearer(wwwAuthenticate)
  const challenge = Option.getOrElse(bearerChallenge, (): BearerChallenge => ({}))
  const isStepUp = sentToken && (
    (status === 403 && challenge.error === "insufficient_scope") ||
    (status === 401 && challenge.error === "insufficient_user_authentication")
  )
  if (isStepUp) {
    return tries.stepUps < maxStepUps
      ? { _tag: "StepUp", challenge, tries: { ...tries, stepUps: tries.stepUps + 1 } }
      : { _tag: "Return" }
  }
  if (wantsToken(status, Option.isSome(bearerChallenge), sentToken)) {
    return tries.renewals < maxRenewals
      ? { _tag: "Renew", challenge, tries: { ...tries, renewals: tries.renewals + 1 } }
      : { _tag: "Return" }
  }
  return { _tag: "Return" }
}
