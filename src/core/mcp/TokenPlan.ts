/**
 * How to get another access token: decided from the state of the session and the reason why one is wanted.
 */
import type { BearerChallenge } from "./Challenge.ts"
import * as KnownCredentials from "./KnownCredentials.ts"
import * as PersonGuard from "./PersonGuard.ts"
import * as RetryGuard from "./RetryGuard.ts"
import * as ScopeSet from "./ScopeSet.ts"
import * as SessionState from "./SessionState.ts"
import type { InteractionRequired } from "./SignInError.ts"

/** Why another access token is wanted. `used` is the one that was sent; `undefined` when none was. */
export type TokenNeed =
  /**
   * The server refused the request: there was no token, or it is not valid. `isRetry`: the request was sent with another
   * token before, and that was refused too.
   */
  | {
    readonly _tag: "Renew"
    readonly used: string | undefined
    readonly challenge: BearerChallenge
    readonly isRetry?: boolean
  }
  /**
   * The token is valid, but lacks scopes that the challenge names; or the person has to be authenticated in another way
   * than for it, or anew (RFC 9470).
   */
  | { readonly _tag: "StepUp"; readonly used: string; readonly challenge: BearerChallenge }
  /** The token is not valid or lacks scopes, and it is not known which; `scope` is what it may lack. */
  | { readonly _tag: "Unclear"; readonly used: string | undefined; readonly scope: string | undefined }
  /** A person is to sign in, whatever there is. */
  | { readonly _tag: "SignIn"; readonly challenge: BearerChallenge }

/** Ask a person to sign in. */
export interface SignInPlan {
  readonly _tag: "SignIn"
  /** Why, for a program that may not ask a person. */
  readonly reason: InteractionRequired["reason"]
  /** The token that is not good enough; `undefined` when there is none. */
  readonly used: string | undefined
  /** `true`: ask in any case. `false`: not if the store has a token other than `used` by then. */
  readonly isForced: boolean
  readonly challenge: BearerChallenge
  /** Scopes to ask for beside those of the challenge. */
  readonly moreScopes: string | undefined
}

/** Ask nobody, and say why. */
export interface RefusePlan {
  readonly _tag: "Refuse"
  readonly reason: PersonGuard.InVain
  /** The scopes that a person would be asked for. */
  readonly scope: string | undefined
}

/** Nothing would help. */
export interface NothingPlan {
  readonly _tag: "Nothing"
}

/** What to do to get another access token. */
export type TokenPlan =
  | NothingPlan
  | RefusePlan
  /** Ask the server what is wrong with a token, then decide by {@link afterProbe}. */
  | { readonly _tag: "Probe"; readonly need: Extract<TokenNeed, { readonly _tag: "Unclear" }> }
  /** Refresh a token; where that is not possible, do the other thing. */
  | {
    readonly _tag: "Refresh"
    readonly used: string
    readonly challenge: BearerChallenge
    readonly otherwise: NothingPlan | RefusePlan | SignInPlan
  }
  | SignInPlan

const nothing: NothingPlan = { _tag: "Nothing" }

/** Asking a person for a token, unless one was just asked in vain. */
const ask = (
  state: SessionState.SessionState,
  { challenge, isRetry = false, used }: Omit<Extract<TokenNeed, { readonly _tag: "Renew" }>, "_tag">,
  now: number
): NothingPlan | RefusePlan | SignInPlan => {
  const refusal = PersonGuard.renewalRefusal(state.person, now)
  const moreScopes = state.requestedScopes
  if (refusal === undefined) {
    const reason = used === undefined ? "NotSignedIn" : "Rejected"
    return { _tag: "SignIn", reason, used, isForced: false, challenge, moreScopes }
  }
  // The caller of a request that was tried again and refused again sees what the server said.
  if (refusal === "Rejected" && isRetry) return nothing
  return { _tag: "Refuse", reason: refusal, scope: ScopeSet.union(challenge.scope, moreScopes) }
}

const renew = (
  state: SessionState.SessionState,
  need: Omit<Extract<TokenNeed, { readonly _tag: "Renew" }>, "_tag">,
  now: number
): TokenPlan => {
  const { challenge, used } = need
  const byPerson = ask(state, need, now)
  if (used === undefined) return byPerson
  const isExpired = KnownCredentials.isExpired(state.known, now)
  const isRefused = KnownCredentials.isRefreshRefused(state.known, now)
  return isRefused || RetryGuard.wouldRepeatRefresh(state.guard, used, isExpired, now)
    ? byPerson
    : { _tag: "Refresh", used, challenge, otherwise: byPerson }
}

const stepUp = (
  state: SessionState.SessionState,
  used: string,
  challenge: BearerChallenge,
  now: number
): TokenPlan => {
  const granted = SessionState.grantedScopes(state)
  const wanted = state.exactScope ?? ScopeSet.limited(
    ScopeSet.union(granted, state.requestedScopes, challenge.scope, state.pendingScopes)
  )
  const isAuthentication = challenge.error === "insufficient_user_authentication"
  // Without a scope that a person cannot or may not be asked for, the request would be refused again.
  if ((challenge.scope === undefined && !isAuthentication) || !ScopeSet.covers(wanted, challenge.scope)) return nothing
  // A server that asks for more scopes has taken the token, so a doubt about that counts no more.
  const refusal = PersonGuard.refusal(state.person, now)
  if (refusal !== undefined && refusal !== "Rejected") return { _tag: "Refuse", reason: refusal, scope: wanted }
  const wouldRepeat = isAuthentication
    ? RetryGuard.wouldRepeatAuthentication(state.guard, challenge, used, now)
    : RetryGuard.wouldRepeatStepUp(state.guard, wanted, granted, now)
  const reason = isAuthentication ? "InsufficientAuthentication" : "InsufficientScope"
  return PersonGuard.mayStepUp(state.person) && !wouldRepeat
    ? { _tag: "SignIn", reason, used, isForced: true, challenge, moreScopes: wanted }
    : nothing
}

/** What to do to meet a need. */
export const make = (state: SessionState.SessionState, need: TokenNeed, now: number): TokenPlan => {
  switch (need._tag) {
    case "SignIn":
      return {
        _tag: "SignIn",
        reason: "NotSignedIn",
        used: undefined,
        isForced: true,
        challenge: need.challenge,
        moreScopes: ScopeSet.union(SessionState.grantedScopes(state), state.requestedScopes)
      }
    case "StepUp":
      return stepUp(state, need.used, need.challenge, now)
    case "Renew":
      return renew(state, need, now)
    case "Unclear":
      return { _tag: "Probe", need }
  }
}

/** What the server said about a token. */
export interface Probed {
  /** Whether it wants a token, or another one. */
  readonly isRefused: boolean
  readonly challenge: BearerChallenge
}

/** What to do when the server was asked about the token of an `Unclear` need. */
export const afterProbe = (
  state: SessionState.SessionState,
  { scope, used }: Extract<TokenNeed, { readonly _tag: "Unclear" }>,
  { challenge, isRefused }: Probed,
  now: number
): TokenPlan => {
  if (used === undefined || isRefused) return renew(state, { used, challenge }, now)
  // When all that may be missing was granted or asked for already, asking the person again would not help.
  const asked = ScopeSet.union(SessionState.grantedScopes(state), state.requestedScopes, "offline_access")
  return ScopeSet.covers(asked, scope)
    ? nothing
    : stepUp(state, used, { ...challenge, ...(scope !== undefined && { scope }) }, now)
}

/** The state, with what the server said about this need recorded. */
export const withChallengeOf = (state: SessionState.SessionState, need: TokenNeed): SessionState.SessionState => {
  switch (need._tag) {
    case "StepUp":
      return SessionState.scopesMissing(state, need.challenge)
    case "Unclear":
      return state
    default:
      return SessionState.challenged(state, need.challenge)
  }
}

/**
 * Whether a need is met: another token than the one used is known, or a person has signed in since.
 *
 * @param signIns `SessionState.signIns` when the need arose.
 */
export const isMet = (state: SessionState.SessionState, need: TokenNeed, signIns: number): boolean => {
  if (need._tag === "SignIn") return state.signIns > signIns
  const token = KnownCredentials.accessToken(state.known)
  return token !== undefined && token !== need.used
}
