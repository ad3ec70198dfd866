/**
 * Whether a person may be asked again. A person who was asked in vain is not asked by the next request too: doubt belongs
 * to the server and its person, whatever becomes of single tokens.
 */

/** For how many milliseconds requests open no window after a person was asked in vain: ten minutes. */
const pauseMillis = 600_000

/** So many windows at most requests open within ten minutes for a token that was taken at first, and then refused. */
const maxRenewals = 3

/** So often at most a person is asked for more scopes in one session, whatever the scopes. */
const maxStepUps = 3

/** How a sign-in ended in vain. `Rejected`: the server has taken no token of it yet. */
export type InVain = "Declined" | "Failed" | "Rejected" | "TimedOut"

/** What a person was asked. Times are in milliseconds since 1970-01-01 UTC. */
export interface PersonGuard {
  /** The last sign-in, where it was in vain. */
  readonly inVain: { readonly reason: InVain; readonly since: number } | undefined
  /** How many windows were opened for a token since then. */
  readonly renewals: { readonly count: number; readonly since: number }
  /** How often a person was asked for more scopes. */
  readonly stepUps: number
}

/** Nobody was asked, or the program itself asks now: what was in vain before counts no more. */
export const none: PersonGuard = { inVain: undefined, renewals: { count: 0, since: 0 }, stepUps: 0 }

// A clock that was set back must not make the pause longer.
const isRecent = (since: number, now: number): boolean => Math.abs(now - since) < pauseMillis

/** A window is opened. */
export const asked = (guard: PersonGuard, isStepUp: boolean, now: number): PersonGuard => {
  if (isStepUp) return { ...guard, stepUps: guard.stepUps + 1 }
  const { count, since } = guard.renewals
  const renewals = count > 0 && isRecent(since, now) ? { count: count + 1, since } : { count: 1, since: now }
  return { ...guard, renewals }
}

/** A person was asked, and it was in vain; or signed in, and no request has succeeded with a token of it yet. */
export const inVain = (guard: PersonGuard, reason: InVain, now: number): PersonGuard => ({
  ...guard,
  inVain: { reason, since: now }
})

/** The server took the token that is known. */
export const tokenAccepted = (guard: PersonGuard): PersonGuard =>
  guard.inVain?.reason === "Rejected" ? { ...guard, inVain: undefined } : guard

/** Why no window is to be opened now; `undefined`: one may be. */
export const refusal = ({ inVain }: PersonGuard, now: number): InVain | undefined =>
  inVain !== undefined && isRecent(inVain.since, now) ? inVain.reason : undefined

/** The same for a token that the server refuses: one that it took for a while may be replaced some times, not for ever. */
export const renewalRefusal = (guard: PersonGuard, now: number): InVain | undefined => {
  const { count, since } = guard.renewals
  return refusal(guard, now) ?? (count >= maxRenewals && isRecent(since, now) ? "Rejected" : undefined)
}

/** Whether a person may still be asked for more scopes. */
export const mayStepUp = ({ stepUps }: PersonGuard): boolean => stepUps < maxStepUps

/** In which way a sign-in that failed was in vain. */
export const reasonOf = (
  error: {
    readonly _tag?: string
    readonly error?: unknown
    readonly phase?: unknown
    readonly reason?: unknown
  }
): InVain => {
  // The person was asked for a client id, and gave none.
  if (error._tag === "RegistrationError" && error.reason === "NotSupported") return "Declined"
  if (error._tag === "AuthorizationDenied" && error.error === "access_denied") return "Declined"
  return error._tag === "AuthorizationTimeout" && error.phase === "response" ? "TimedOut" : "Failed"
}
