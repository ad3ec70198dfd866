/**
 * The state of the sign-in to one server and account while the program runs, and how each event changes it.
 *
 * Every function is pure; `now` is in milliseconds since 1970-01-01 UTC.
 */
import * as Option from "effect/Option"
import type { BearerChallenge } from "./Challenge.ts"
import type { Credentials } from "./Credentials.ts"
import * as KnownCredentials from "./KnownCredentials.ts"
import * as PersonGuard from "./PersonGuard.ts"
import * as RetryGuard from "./RetryGuard.ts"
import * as ScopeSet from "./ScopeSet.ts"
import type { InteractionRequired } from "./SignInError.ts"

/** Everything that is known of the sign-in to one server and account. */
export interface SessionState {
  readonly known: KnownCredentials.KnownCredentials
  /** What must not be tried again yet. */
  readonly guard: RetryGuard.RetryGuard
  /** What a person was asked, and how often. */
  readonly person: PersonGuard.PersonGuard
  /** What the server said when it last refused a request: where its metadata is, and which scopes it asks for. */
  readonly challenge: BearerChallenge | undefined
  /** Scopes that requests are waiting for: the next step-up (a new sign-in for more scopes) asks for all of them at once. */
  readonly pendingScopes: string | undefined
  /** Scopes that the person was asked for since the start or the last sign-out: a new sign-in asks for no fewer. */
  readonly requestedScopes: string | undefined
  /** The only scopes that a person may be asked for (the option `scope: { exactly }`); `undefined`: whatever is needed. */
  readonly exactScope: string | undefined
  /** Whether a sign-in with a person is under way. */
  readonly isSigningIn: boolean
  /** How many sign-ins with a person have finished: a caller that waited can tell whether one did meanwhile. */
  readonly signIns: number
  /** How many times it was signed out. */
  readonly signOuts: number
  /** Whether the scope of the session is closed. */
  readonly isClosed: boolean
}

/** Nothing is known yet. */
export const initial: SessionState = {
  known: KnownCredentials.unknown,
  guard: RetryGuard.none,
  person: PersonGuard.none,
  challenge: undefined,
  pendingScopes: undefined,
  requestedScopes: undefined,
  exactScope: undefined,
  isSigningIn: false,
  signIns: 0,
  signOuts: 0,
  isClosed: false
}

/**
 * The access token that can be sent at once; `undefined` when it has to be read, refreshed or obtained first. One whose
 * refresh token was refused may be over too: it is sent, but not relied upon.
 */
export const usableToken = ({ isClosed, known }: SessionState, now: number): string | undefined =>
  isClosed || !known.isLoaded || KnownCredentials.isExpiring(known, now) ||
    KnownCredentials.tokens(known)?.refreshRefusedAt !== undefined
    ? undefined
    : KnownCredentials.accessToken(known)

/** Whether the access token is to be refreshed before it is sent, and can be. */
export const needsRefresh = ({ known }: SessionState, now: number): boolean =>
  KnownCredentials.isExpiring(known, now) && KnownCredentials.tokens(known)?.refreshToken !== undefined &&
  !KnownCredentials.isRefreshRefused(known, now)

/** The scopes that the access token was granted. */
export const grantedScopes = ({ known }: SessionState): string | undefined => KnownCredentials.tokens(known)?.scope

/** The store was read. @param revision What its revision was just before. */
export const credentialsRead = (
  state: SessionState,
  stored: Option.Option<Credentials>,
  revision: unknown,
  now: number
): SessionState => ({ ...state, known: KnownCredentials.read(state.known, stored, revision, now) })

/**
 * Other credentials came, which the store does not have yet; `None`: they are to be forgotten.
 *
 * @param stored What the store has.
 */
export const credentialsReplaced = (
  state: SessionState,
  credentials: Option.Option<Credentials>,
  stored: Option.Option<Credentials>,
  now: number
): SessionState => ({
  ...state,
  known: KnownCredentials.replaced(
    state.known,
    credentials,
    Option.getOrUndefined(stored)?.tokens?.accessToken,
    now
  )
})

/** It is tried to write credentials that could not be written before. */
export const writeTried = (state: SessionState, now: number): SessionState => ({
  ...state,
  known: KnownCredentials.writeTried(state.known, now)
})

/** The store has the credentials that are known. */
export const credentialsStored = (state: SessionState): SessionState => ({
  ...state,
  known: KnownCredentials.stored(state.known)
})

/**
 * The server refused a request that had no token, or a wrong one. How the person had to be authenticated is for that
 * request: later sign-ins need not be so.
 */
export const challenged = (
  state: SessionState,
  { acrValues: _, maxAge: __, ...challenge }: BearerChallenge
): SessionState => ({ ...state, challenge: { ...state.challenge, ...challenge } })

/** The server refused a request whose token lacks scopes. They are for that request: later sign-ins need not have them. */
export const scopesMissing = (state: SessionState, { scope, ...challenge }: BearerChallenge): SessionState => ({
  ...challenged(state, challenge),
  pendingScopes: ScopeSet.limited(ScopeSet.union(state.pendingScopes, scope))
})

/** The step-up that requests were waiting for failed: they fail with it, and their scopes are asked for no more. */
export const stepUpFailed = (state: SessionState): SessionState => ({ ...state, pendingScopes: undefined })

/** A sign-in with a person begins. */
export const signInStarted = (state: SessionState): SessionState => ({ ...state, isSigningIn: true })

/** The program itself asks for a sign-in: what a person was asked before counts no more. */
export const hostAsked = (state: SessionState): SessionState => ({
  ...state,
  guard: RetryGuard.scopesSufficed(state.guard),
  person: PersonGuard.none
})

/** Whether a person is asked although the token is valid: for more scopes, or to be authenticated in another way. */
export const isStepUp = (reason: InteractionRequired["reason"]): boolean =>
  reason === "InsufficientScope" || reason === "InsufficientAuthentication"

/** A browser window is opened. @param reason Why the person is asked. */
export const personAsked = (
  state: SessionState,
  reason: InteractionRequired["reason"],
  now: number
): SessionState => ({ ...state, person: PersonGuard.asked(state.person, isStepUp(reason), now) })

/** The person was asked in vain. */
export const signInFailed = (state: SessionState, reason: PersonGuard.InVain, now: number): SessionState => ({
  ...state,
  person: PersonGuard.inVain(state.person, reason, now)
})

/** A sign-in with a person is over, however it ended. */
export const signInEnded = (state: SessionState): SessionState => ({ ...state, isSigningIn: false })

/** A sign-in that a person finished. */
export interface FinishedSignIn {
  /** Why the person was asked. */
  readonly reason: InteractionRequired["reason"]
  /** The access token that was not good enough; `undefined` when there was none. */
  readonly used: string | undefined
  /** The scopes that were asked for. */
  readonly scope: string | undefined
  /** What the server said. @default nothing */
  readonly challenge?: BearerChallenge | undefined
}

/** A person signed in, and the new credentials are known. */
export const signInFinished = (
  state: SessionState,
  { challenge, reason, scope, used }: FinishedSignIn,
  now: number
): SessionState => {
  const requestedScopes = ScopeSet.limited(ScopeSet.union(state.requestedScopes, scope))
  const stepUpScope = reason === "InsufficientScope" ? scope : undefined
  const token = KnownCredentials.tokens(state.known)?.accessToken
  const guard = RetryGuard.personAuthenticated(
    RetryGuard.tokenSignedIn(state.guard, token, used, now),
    reason === "InsufficientAuthentication" ? challenge : undefined,
    token,
    now
  )
  return {
    ...state,
    signIns: state.signIns + 1,
    requestedScopes,
    pendingScopes: ScopeSet.covers(requestedScopes, state.pendingScopes) ? undefined : state.pendingScopes,
    guard: RetryGuard.scopesGranted(guard, stepUpScope, grantedScopes(state), now),
    // Until the server takes a token of it, it was in vain.
    person: PersonGuard.inVain(state.person, "Rejected", now)
  }
}

/** The access token was refreshed, and the new credentials are known. */
export const tokenRefreshed = (state: SessionState, now: number): SessionState => {
  const token = KnownCredentials.tokens(state.known)?.accessToken
  return token === undefined ? state : { ...state, guard: RetryGuard.tokenRefreshed(state.guard, token, now) }
}

/** A request succeeded with this access token. One that was sent before the last sign-in says nothing of that. */
export const tokenAccepted = (state: SessionState, token: string): SessionState => {
  const guard = RetryGuard.tokenAccepted(state.guard, token)
  const accepted = PersonGuard.tokenAccepted(state.person)
  const person = accepted !== state.person && KnownCredentials.accessToken(state.known) === token
    ? accepted
    : state.person
  return guard === state.guard && person === state.person ? state : { ...state, guard, person }
}

/** A request that needed more scopes succeeded. */
export const scopesSufficed = (state: SessionState): SessionState => {
  const guard = RetryGuard.scopesSufficed(state.guard)
  return guard === state.guard ? state : { ...state, guard }
}

/** A sign-out: nothing that was asked for or tried before counts any more. */
export const signedOut = (state: SessionState): SessionState => ({
  ...state,
  signOuts: state.signOuts + 1,
  guard: RetryGuard.none,
  person: PersonGuard.none,
  pendingScopes: undefined,
  requestedScopes: undefined
})

/** The scope of the session closes; that is final. */
export const closed = (state: SessionState): SessionState => ({ ...state, isClosed: true })
