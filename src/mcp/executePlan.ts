/**
 * Carrying out a plan for another access token: refreshing, asking the server, or signing in with a person.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as KnownCredentials from "../core/mcp/KnownCredentials.ts"
import * as ScopeSet from "../core/mcp/ScopeSet.ts"
import * as SessionState from "../core/mcp/SessionState.ts"
import { InteractionRequired } from "../core/mcp/SignInError.ts"
import * as TokenPlan from "../core/mcp/TokenPlan.ts"
import * as PersonGuard from "../core/mcp/PersonGuard.ts"
import type { CredentialStoreError } from "../services/CredentialStore.ts"
import type { Environment, Services } from "./Environment.ts"
import { probe } from "./Probe.ts"
import type { RefreshError } from "./Refresh.ts"
import type { SessionCell } from "./SessionCell.ts"
import type { SignInError, SignInRequest } from "./SignIn.ts"
import * as SignInLock from "./SignInLock.ts"
import type { SignInTurn } from "./SignInTurn.ts"
import * as Spending from "./Spending.ts"
import * as Stored from "./Stored.ts"

/** Every way a plan fails. */
export type PlanError = InteractionRequired | RefreshError | SignInError

// A program with a valid token loads none of them, nor what they need.
const signInModule = Effect.promise(() => import("./SignIn.ts"))
const signInTurnModule = Effect.promise(() => import("./SignInTurn.ts"))
const refreshModule = Effect.promise(() => import("./Refresh.ts"))

/** Reads the store. */
export const load = (env: Environment, cell: SessionCell): Effect.Effect<void, CredentialStoreError> =>
  Effect.suspend(() => {
    // Before it is read: what is changed meanwhile is seen the next time.
    const revision = Stored.revision(env)
    return Effect.map(
      Stored.load(env),
      (stored) => cell.update((state, now) => SessionState.credentialsRead(state, stored, revision, now))
    )
  })

/** Reads the store. @returns whether it has another token, which another object of this process, or another process, got. */
const findNewer = (env: Environment, cell: SessionCell, used: string | undefined) =>
  Effect.map(load(env, cell), () => {
    const token = KnownCredentials.accessToken(cell.get().known)
    return token !== undefined && token !== used
  })

/** Asks a person, and keeps what comes of it in the state: also when it comes after the caller stopped waiting. */
const askPerson = (
  env: Environment,
  cell: SessionCell,
  { challenge, moreScopes, reason, used }: TokenPlan.SignInPlan,
  turn: SignInTurn
): Effect.Effect<void, SignInError, Services> =>
  Effect.suspend(() => {
    let asked = false
    let isObtained = false
    const request: SignInRequest = {
      challenge,
      moreScopes,
      onAsked: () => {
        asked = true
        cell.update((state, now) => SessionState.personAsked(state, reason, now))
      },
      tellOthers: (url) => turn.tell({ _tag: "Shown", url }),
      onCredentials: (credentials, scope) => {
        isObtained = true
        SignInLock.noteInVain(env.store, env.key, undefined)
        cell.update((state, now) => {
          const replaced = SessionState.credentialsReplaced(state, Option.some(credentials), undefined, now)
          return SessionState.signInFinished(replaced, { reason, scope, used, challenge }, now)
        })
      },
      onStored: () => cell.update(SessionState.credentialsStored)
    }
    return Effect.tapErrorCause(Effect.flatMap(signInModule, (SignIn) => SignIn.run(env, request)), (cause) =>
      Effect.suspend(() => {
        // A sign-in that the program interrupts was not ended by the person: the next one may be asked for at once.
        if (!asked || isObtained || Cause.isInterruptedOnly(cause)) {
          return Effect.void
        }
        const why = PersonGuard.reasonOf(Option.getOrElse(Cause.failureOption(cause), () => ({})))
        cell.update((state, now) =>
          SessionState.signInFailed(state, why, now)
        )
        SignInLock.noteInVain(env.store, env.key, { reason: why, since: cell.now() })
        return turn.tell({ _tag: "InVain", reason: why })
      }))
  })

/**
 * Gives an effect the turn among all processes, to acquire when it needs it. What spends a code goes on when a sign-in is
 * interrupted, and keeps the turn until its tokens are stored: before that another process would open one more window.
 */
const withTurn = <A, E>(
  env: Environment,
  use: (acquire: Effect.Effect<SignInTurn, SignInError>) => Effect.Effect<A, E, Services>
): Effect.Effect<A, E, Services> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const acquire = Scope.extend(Effect.flatMap(signInTurnModule, (SignInTurn) => SignInTurn.acquire(env)), scope)
      const exit = yield* Effect.exit(restore(use(acquire)))
      const close = Scope.close(scope, exit)
      yield* Spending.isUnderWay(env) ? Effect.forkDaemon(Effect.zipRight(Spending.settled(env), close)) : close
      return yield* exit
    })
  )

/** Asks a person when it is the turn of this sign-in, unless that has become needless. */
const signInInTurn = (
  env: Environment,
  cell: SessionCell,
  plan: TokenPlan.SignInPlan
): Effect.Effect<void, PlanError, Services> =>
  withTurn(env, (acquire) =>
    Effect.gen(function* () {
      const { challenge, isForced, moreScopes, used } = plan
      // The program asked for a sign-in whatever there is (`login`).
      const isLogin = isForced && used === undefined
      if (isLogin) yield* load(env, cell)
      const before = KnownCredentials.accessToken(cell.get().known)
      const turn = yield* acquire
      if (turn.inVain !== undefined) {
        SignInLock.noteInVain(env.store, env.key, { reason: turn.inVain, since: cell.now() })
      }
      // Another object of this process, or another process, may have signed in while this one waited for its turn. For a
      // `login` only a sign-in of another process that was waited for counts.
      const isShared = !isLogin || turn.waited
      const isThere = isShared && (yield* findNewer(env, cell, isLogin ? before : used))
      if (isThere && (!isForced || ScopeSet.covers(SessionState.grantedScopes(cell.get()), moreScopes))) return
      // Nor is a person asked whose sign-in elsewhere has just failed.
      const inVain = isShared ? SignInLock.inVain(env.store, env.key) : undefined
      const refusal = PersonGuard.refusal({ ...PersonGuard.none, inVain }, cell.now())
      if (refusal !== undefined) {
        cell.update((state, now) => SessionState.signInFailed(state, refusal, inVain?.since ?? now))
        const scope = ScopeSet.union(challenge.scope, moreScopes)
        yield* turn.tell({ _tag: "InVain", reason: refusal })
        return yield* new InteractionRequired({ server: env.label, reason: refusal, scope })
      }
      // The scopes of that other token are asked for too, because the new token replaces it.
      const scopes = isThere ? ScopeSet.union(moreScopes, SessionState.grantedScopes(cell.get())) : moreScopes
      yield* askPerson(env, cell, { ...plan, moreScopes: scopes }, turn)
    }))

const signIn = (env: Environment, cell: SessionCell, plan: TokenPlan.SignInPlan): Effect.Effect<void, PlanError> => {
  const { challenge, isForced, moreScopes, reason, used } = plan
  // Also while it waits for another process: `connect` then does not count the time.
  const run = Effect.acquireUseRelease(
    Effect.sync(() => cell.update(SessionState.signInStarted)),
    () => signInInTurn(env, cell, plan),
    () => Effect.sync(() => cell.update(SessionState.signInEnded))
  )
  return Effect.gen(function* () {
    if (!isForced && (yield* findNewer(env, cell, used))) return
    if (!env.interactive) {
      const scope = ScopeSet.union(challenge.scope, moreScopes)
      return yield* new InteractionRequired({ server: env.label, reason, scope })
    }
    yield* SignInLock.exclusively(env.store, env.key)(run)
  }).pipe(
    Effect.onError(() =>
      Effect.sync(() => {
        if (SessionState.isStepUp(reason)) cell.update(SessionState.stepUpFailed)
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
  Effect.flatMap(refreshModule, (Refresh) => Refresh.refresh(env, cell, used, challenge))

/** Carries out a plan. */
export const executePlan = (
  env: Environment,
  cell: SessionCell,
  plan: TokenPlan.TokenPlan
): Effect.Effect<void, PlanError> => {
  switch (plan._tag) {
    case "Nothing":
      return Effect.void
    case "Refuse":
      return Effect.suspend(() => {
        cell.update(SessionState.stepUpFailed)
        return new InteractionRequired({ server: env.label, reason: plan.reason, scope: plan.scope })
      })
    case "SignIn":
      return signIn(env, cell, plan)
    case "Refresh":
      return Effect.flatMap(
        refresh(env, cell, plan.used, plan.challenge),
        (isRefreshed) => isRefreshed ? Effect.void : executePlan(env, cell, plan.otherwise)
      )
    case "Probe":
      return Effect.flatMap(
        probe(env, plan.need.used),
        (probed) =>
          Effect.suspend(() => executePlan(env, cell, TokenPlan.afterProbe(cell.get(), plan.need, probed, cell.now())))
      )
  }
}
