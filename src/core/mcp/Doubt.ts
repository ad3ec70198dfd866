/**
 * What is not worth trying again: a way to a token that the server just refused would lead to another like it, and a
 * person would see one browser window after the other.
 */
import * as ScopeSet from "./ScopeSet.ts"

/** For how long, in milliseconds. */
const doubtMillis = 600_000

/** A token that the server did not take yet. */
export interface Untried {
  readonly token: string
  readonly since: number
  /** A person's sign-in brought it, or what it came of. */
  readonly byPerson: boolean
  /** A refresh brought it, or the one that was refused before it. */
  readonly byRefresh: boolean
}

/** The ways by which a refused token came, if nobody took it yet: they are closed for a while. */
export const about = (
  used: string | undefined,
  untried: Untried | undefined,
  isExpired: boolean,
  now: number
): Pick<Untried, "byPerson" | "byRefresh"> =>
  untried !== undefined && used === untried.token && !isExpired && now - untried.since < doubtMillis
    ? untried
    : { byPerson: false, byRefresh: false }

/** A refreshed token inherits the doubt about the one it came of. */
export const refreshed = (token: string, used: string, untried: Untried | undefined, now: number): Untried => ({
  token,
  since: now,
  byPerson: untried?.token === used && untried.byPerson,
  byRefresh: true
})

/** A token from a person; what was refreshed in vain before is not refreshed again after it. */
export const signedIn = (
  token: string,
  used: string | undefined,
  untried: Untried | undefined,
  now: number
): Untried => ({ token, since: now, byPerson: true, byRefresh: untried?.token === used && untried?.byRefresh === true })

/** A step-up that was not seen to help yet. */
export interface SteppedUp {
  /** What the person was asked for. */
  readonly scope: string
  /** What was granted in the end. */
  readonly granted: string | undefined
  readonly since: number
}

/** Whether asking for these scopes would only repeat the last step-up. */
export const isFruitless = (
  steppedUp: SteppedUp | undefined,
  wanted: string | undefined,
  granted: string | undefined,
  now: number
): boolean =>
  steppedUp !== undefined && ScopeSet.covers(steppedUp.scope, wanted) && steppedUp.granted === granted &&
  now - steppedUp.since < doubtMillis
