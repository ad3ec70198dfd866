/**
 * Carrying out a plan for another access token: refreshing, asking the server, or signing in with a person.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as KnownCredentials from "../core/mcp/KnownCredentials.ts"
import * as ScopeSet from "../core/mcp/ScopeSet.ts"
import * as SessionState from "../core/mcp/SessionState.ts"
import { InteractionRequired } from "../core/mcp/SignInError.ts"
import * as TokenPlan from "../core/mcp/TokenPlan.ts"
import type { CredentialStoreError } from "../services/CredentialStore.ts"
import type { Environment } from "./Environment.ts"
import { probe } from "./Probe.ts"
import type { RefreshError } from "./Refresh.ts"
import type { SessionCell } from "./SessionCell.ts"
import type { SignInError } from "./SignIn.ts"
import * as SignInLock from "./SignInLock.ts"

/** Every way a plan fails. */
export type PlanError = InteractionRequired | RefreshError | SignInError

// A program with a valid token loads none of them, nor what they need.
const signInModule = Effect.promise(() => import("./SignIn.ts"))
const refreshModule = Effect.promise(() => import("./Refresh.ts"))

/** Reads the store. */
export const load = ({ key, store }: Environment, cell: SessionCell): Effect.Effect<void, CredentialStoreError> =>
  Effect.map(store.load(key), (stored) => cell.update((state, now) => SessionState.credentialsRead(state, stored, now)))

/** Reads the store. @returns whether it has another token, which another object of this process, or another process, got. */
const findNewer = (env: Environment, cell: SessionCell, used: string | undefined) =>
  Effect.map(load(env, cell), () => {
    const token = KnownCredentials.accessToken(cell.get().known)
    return token !== undefined && token !== used
  })

const signIn = (env: Environment, cell: SessionCell, plan: TokenPlan.SignInPlan): Effect.Effect<void, PlanError> => {
  const { challenge, isForced, moreScopes, reason, used } = plan
  const run = Effect.acquireUseRelease(
    Effect.sync(() => cell.update(SessionState.signInStarted)),
    () =>
      Effect.flatMap(signInModule, (SignIn) =>
        SignIn.run(env, {
          challenge,
          moreScopes,
          onCredentials: (credentials) =>
            cell.update((state, now) => SessionState.credentialsReplaced(state, Option.some(credentials), now)),
          onStored: () => cell.update(SessionState.credentialsStored)
        })),
    () => Effect.sync(() => cell.update(SessionState.signInEnded))
  )
  const inTurn = Effect.gen(function* () {
    // Another object of this process may have signed in while this one waited for its turn. Where a person is asked to sign
    // in whatever there is, that changes nothing.
    const isAsked = isForced && used === undefined
    const isThere = isAsked ? false : yield* findNewer(env, cell, used)
    if (isThere && (!isForced || ScopeSet.covers(SessionState.grantedScopes(cell.get()), moreScopes))) return
    const { scope } = yield* run
    cell.update((state, now) => SessionState.signInFinished(state, { reason, scope, used }, now))
  })
  return Effect.gen(function* () {
    if (!isForced && (yield* findNewer(env, cell, used))) return
    if (!env.interactive) {
      const scope = ScopeSet.union(challenge.scope, moreScopes)
      return yield* new InteractionRequired({ server: env.label, reason, scope })
    }
    yield* SignInLock.exclusively(env.store, env.key)(inTurn)
  }).pipe(
    Effect.onError(() =>
      Effect.sync(() => {
        if (reason === "InsufficientScope") cell.update(SessionState.stepUpFailed)
      })
    ),
    Effect.provide(env.services)
  )
}

/** Refreshes a token. @returns whether there is another one now. */
export const refresh = (
  env: Environment,
  cell: SessionCell,
  used: string,
  challenge: TokenPlan.SignInPlan["challenge"]
): Effect.Effect<boolean, RefreshError> =>
  Effect.tap(
    Effect.flatMap(refreshModule, (Refresh) => Refresh.refresh(env, cell, used, challenge)),
    (isRefreshed) =>
      Effect.sync(() => {
        if (isRefreshed) cell.update((state, now) => SessionState.tokenRefreshed(state, used, now))
      })
  )

/** Carries out a plan. */
export const executePlan = (
  env: Environment,
  cell: SessionCell,
  plan: TokenPlan.TokenPlan
): Effect.Effect<void, PlanError> => {
  switch (plan._tag) {
    case "Nothing":
      return Effect.void
    case "SignIn":
      return signIn(env, cell, plan)
    case "Refresh":
      return Effect.flatMap(
        refresh(env, cell, plan.used, plan.challenge),
        (isRefreshed) => isRefreshed || plan.otherwise === undefined ? Effect.void : signIn(env, cell, plan.otherwise)
      )
    case "Probe":
      return Effect.flatMap(
        probe(env, plan.need.used),
        (probed) =>
          Effect.suspend(() => executePlan(env, cell, TokenPlan.afterProbe(cell.get(), plan.need, probed, cell.now())))
      )
  }
}
