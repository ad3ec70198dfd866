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
  /** The token lacks scopes: get one that has those of the challenge too, then repeat the request. */
  | { readonly _tag: "StepUp"; readonly challenge: BearerChallenge; readonly tries: Tries }

/** A refreshed token may be refused too; then comes one from a new sign-in, and no third. */
const maxRenewals = 2
/** The MCP specification has clients try a step-up a few times at most. */
const maxStepUps = 3

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
  if (status !== 401 && status !== 403) return { _tag: "Return" }
  const challenge = Option.getOrElse(bearer(wwwAuthenticate), (): BearerChallenge => ({}))
  if (status === 401) {
    return tries.renewals < maxRenewals
      ? { _tag: "Renew", challenge, tries: { ...tries, renewals: tries.renewals + 1 } }
      : { _tag: "Return" }
  }
  return sentToken && challenge.error === "insufficient_scope" && tries.stepUps < maxStepUps
    ? { _tag: "StepUp", challenge, tries: { ...tries, stepUps: tries.stepUps + 1 } }
    : { _tag: "Return" }
}
