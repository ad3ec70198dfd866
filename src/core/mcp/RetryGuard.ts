/**
 * What is not tried again for a while, because it just was in vain: a refresh of a token that was refused, and a step-up.
 * Whether a person may be asked at all is the matter of `PersonGuard`.
 */
import * as Redacted from "effect/Redacted"
import type { BearerChallenge } from "./Challenge.ts"
import * as ScopeSet from "./ScopeSet.ts"

/** For how many milliseconds it is not tried again: ten minutes. */
const pauseMillis = 600_000

/** A new token with which no request has succeeded yet, and how it was obtained. */
export interface UnconfirmedToken {
  readonly token: Redacted.Redacted<string>
  /** When it came, in milliseconds since 1970-01-01 UTC. */
  readonly since: number
  /** It was refreshed, or follows an unconfirmed token that was. */
  readonly byRefresh: boolean
}

/** A step-up that the person finished, while no request that needed it has succeeded yet. */
export interface StepUp {
  /** The scopes that the person was asked for. */
  readonly scope: string
  /** The scopes that were granted. */
  readonly granted: string | undefined
  /** When it was finished, in milliseconds since 1970-01-01 UTC. */
  readonly since: number
}

/** How a person is to be authenticated. */
type Wanted = Pick<BearerChallenge, "acrValues" | "maxAge">

/** A sign-in in which the person was to be authenticated in a certain way (RFC 9470). */
export interface Authentication {
  readonly wanted: Wanted
  /** The token that came of it. */
  readonly token: Redacted.Redacted<string>
  /** When it was finished, in milliseconds since 1970-01-01 UTC. */
  readonly since: number
}

/** What was tried and has not been seen to help. */
export interface RetryGuard {
  readonly unconfirmed: UnconfirmedToken | undefined
  readonly stepUp: StepUp | undefined
  readonly authentication?: Authentication | undefined
}

/** Nothing was tried. */
export const none: RetryGuard = { unconfirmed: undefined, stepUp: undefined }

const holds = (unconfirmed: UnconfirmedToken | undefined, token: string | undefined): unconfirmed is UnconfirmedToken =>
  unconfirmed !== undefined && Redacted.value(unconfirmed.token) === token

/** Whether no request has succeeded with this token yet. */
export const isUnconfirmed = ({ unconfirmed }: RetryGuard, token: string): boolean => holds(unconfirmed, token)

/**
 * Whether to refresh a token that the server refused would only repeat what brought it: that is so unless a request
 * succeeded with it, its time was over, or ten minutes have passed.
 */
export const wouldRepeatRefresh = (
  { unconfirmed }: RetryGuard,
  used: string,
  isExpired: boolean,
  now: number
): boolean => holds(unconfirmed, used) && unconfirmed.byRefresh && !isExpired && now - unconfirmed.since < pauseMillis

/** A token was refreshed. */
export const tokenRefreshed = (guard: RetryGuard, token: Redacted.Redacted<string>, now: number): RetryGuard => ({
  ...guard,
  unconfirmed: { token, since: now, byRefresh: true }
})

/**
 * A person signed in because `used` was refused; `undefined` when there was no token. A refresh that just failed to help
 * is not repeated with the new refresh token.
 */
export const tokenSignedIn = (
  guard: RetryGuard,
  token: Redacted.Redacted<string> | undefined,
  used: string | undefined,
  now: number
): RetryGuard => ({
  ...guard,
  unconfirmed: token === undefined ? undefined : {
    token,
    since: now,
    byRefresh: holds(guard.unconfirmed, used) && guard.unconfirmed.byRefresh
  }
})

/** A request succeeded with this token. */
export const tokenAccepted = (guard: RetryGuard, token: string): RetryGuard =>
  holds(guard.unconfirmed, token) ? { ...guard, unconfirmed: undefined } : guard

/** A person finished a sign-in. @param scope What was asked for in a step-up; `undefined` for any other sign-in. */
export const scopesGranted = (
  guard: RetryGuard,
  scope: string | undefined,
  granted: string | undefined,
  now: number
): RetryGuard => ({ ...guard, stepUp: scope === undefined ? undefined : { scope, granted, since: now } })

/** A person signed in. @param wanted How the person was to be authenticated; `undefined` where that did not matter. */
export const personAuthenticated = (
  guard: RetryGuard,
  wanted: Wanted | undefined,
  token: Redacted.Redacted<string> | undefined,
  now: number
): RetryGuard =>
  wanted === undefined || token === undefined ? guard : {
    ...guard,
    authentication: { wanted, token, since: now }
  }

/** A request that needed more scopes succeeded. */
export const scopesSufficed = (guard: RetryGuard): RetryGuard =>
  guard.stepUp === undefined ? guard : { ...guard, stepUp: undefined }

/**
 * Whether to ask a person for these scopes would only repeat the last step-up, whose scopes were not enough: that is so
 * for ten minutes, as long as no other scopes are granted.
 */
export const wouldRepeatStepUp = (
  { stepUp }: RetryGuard,
  wanted: string | undefined,
  granted: string | undefined,
  now: number
): boolean =>
  stepUp !== undefined && ScopeSet.covers(stepUp.scope, wanted) && stepUp.granted === granted &&
  now - stepUp.since < pauseMillis

/** So many milliseconds a new authentication counts at least, also where the server wants one that is not a second old. */
const shortestAge = 60_000

/**
 * Whether to authenticate a person in this way would only repeat what brought this token: that is so for ten minutes, or
 * until the authentication is as old as the server allows.
 */
export const wouldRepeatAuthentication = (
  { authentication }: RetryGuard,
  { acrValues, maxAge }: Wanted,
  used: string,
  now: number
): boolean =>
  authentication !== undefined && Redacted.value(authentication.token) === used &&
  authentication.wanted.acrValues === acrValues && authentication.wanted.maxAge === maxAge &&
  now - authentication.since < (maxAge === undefined ? pauseMillis : Math.max(shortestAge, maxAge * 1000))
