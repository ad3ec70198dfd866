/**
 * What a refused request of the MCP server calls for: nothing, a valid token, or more scopes.
 */
import * as Option from "effect/Option"
import { bearer, type BearerChallenge } from "./Challenge.ts"

/** What was tried for one request so far. */
export interface Tries {
  readonly renewals: number
  readonly stepUps: number
}

/** Nothing was tried yet. */
export const none: Tries = { renewals: 0, stepUps: 0 }

/** What to do with a response. */
export type Step =
  /** It is the caller's. */
  | { readonly _tag: "Return" }
  /** The token is missing or refused (RFC 6750 section 3.1): get another, then repeat the request. */
  | { readonly _tag: "Renew"; readonly challenge: BearerChallenge; readonly tries: Tries }
  /** The token allows too little: get one that also has these scopes, then repeat the request. */
  | { readonly _tag: "StepUp"; readonly challenge: BearerChallenge; readonly tries: Tries }

/** A refreshed token may be refused too, one from a person's new sign-in is the last. */
const maxRenewals = 2
/** MCP has clients ask a person a few times at most. */
const maxStepUps = 3

/** What to do with a response of the MCP server. */
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
