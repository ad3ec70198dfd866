/**
 * The sign-in of one server and account while the program runs: which token is good, and how to get another, once for all
 * callers that ask.
 *
 * What is known stands in one `SessionState`, what to do is decided by `TokenPlan`, and `Flight` sees to it that one thing
 * is done at a time.
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { BearerChallenge } from "../core/mcp/Challenge.ts"
import { Closed } from "../core/mcp/Closed.ts"
import type { Credentials } from "../core/mcp/Credentials.ts"
import * as KnownCredentials from "../core/mcp/KnownCredentials.ts"
import * as RetryGuard from "../core/mcp/RetryGuard.ts"
import * as SessionState from "../core/mcp/SessionState.ts"
import { type DiscoveryError, InteractionRequired } from "../core/mcp/SignInError.ts"
import * as TokenPlan from "../core/mcp/TokenPlan.ts"
import { SessionBudget } from "../core/ReleaseBudget.ts"
import { atMost } from "../effect/atMost.ts"
import { endAfter } from "../effect/endAfter.ts"
import { firstOf } from "../effect/firstOf.ts"
import type { CredentialStoreError } from "../services/CredentialStore.ts"
import type { Environment } from "./Environment.ts"
import { executePlan, load, type PlanError, refresh } from "./executePlan.ts"
import * as Flight from "./Flight.ts"
import type { LogoutError } from "./Logout.ts"
import { probe } from "./Probe.ts"
import * as SessionCell from "./SessionCell.ts"
import * as SignInLock from "./SignInLock.ts"
import * as Spending from "./Spending.ts"
import * as StoreWatch from "./StoreWatch.ts"
import * as Stored from "./Stored.ts"

/** How getting a token, or signing out, can fail. */
export type SessionError = LogoutError | PlanError

// A program that never signs out does not load it.
const logoutModule = Effect.promise(() => import("./Logout.ts"))

/**
 * What became of a need for another token. `obtained`: it was got for this caller. `shared`: another caller got it, or was
 * waited for. `unchanged`: everything was tried, and there is no other token.
 */
export type TokenResult = "obtained" | "shared" | "unchanged"

/** How a caller waits for its token. */
export interface TokenOptions extends Flight.JoinOptions {
  /** `true`: waits for a token that is being obtained, even if the present one is still good. */
  readonly settled: boolean
}

/** The sign-in of one server and account. */
export interface Session {
  /**
   * The access token that can be sent at once, if there is one: not where the store has changed since it was read, nor where
   * there is something to write to it.
   */
  readonly usableToken: () => string | undefined
  /** The same, without a look at the store. */
  readonly knownToken: () => string | undefined
  /**
   * The access token: read from the store the first time, refreshed when it is about to expire, waited for while a person
   * signs in. `undefined` when there is none.
   */
  readonly token: (options: TokenOptions) => Effect.Effect<string | undefined, SessionError>
  /** To be called when the program itself asks for a sign-in, and not a request: a person may be asked again. */
  readonly hostAsked: () => void
  /** Gets another access token, or waits for a caller that does. */
  readonly obtain: (
    need: TokenPlan.TokenNeed,
    options: Flight.JoinOptions
  ) => Effect.Effect<TokenResult, SessionError>
  /** Tokens that this session has had, in the clear, so that they can be cut out of texts of the server. */
  readonly secrets: () => ReadonlyArray<string>
  /** The credentials as they are known here, without asking the store. */
  readonly knownCredentials: () => Credentials | undefined
  /** What the server asks for. The server is asked for it where it has not said it yet. */
  readonly challenge: Effect.Effect<BearerChallenge, Closed | DiscoveryError>
  /** To be called when a request with this access token succeeds. */
  readonly tokenAccepted: (token: string) => void
  /** To be called when a request that needed more scopes succeeds. */
  readonly scopesSufficed: () => void
  /** Whether no request has succeeded with this access token yet. */
  readonly isUnconfirmed: (token: string) => boolean
  readonly logout: Effect.Effect<void, SessionError>
  /** The newest credentials, here or in the store. */
  readonly newestCredentials: Effect.Effect<Option.Option<Credentials>, Closed | CredentialStoreError>
  readonly isSigningIn: () => boolean
  /** Fails with `Closed` when the session is closed before the effect ends, also where that waits for a server that hangs. */
  readonly untilClosed: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, Closed | E>
  /**
   * Interrupts what runs, within a second; after it nothing opens a browser. Only what spends a code or a refresh token goes
   * on for some seconds, and its tokens are stored.
   */
  readonly close: Effect.Effect<void>
  readonly isClosed: () => boolean
}

/** What the functions below share. */
interface Parts {
  readonly env: Environment
  readonly cell: SessionCell.SessionCell
  readonly flight: Flight.Flight<"logout" | "token", SessionError>
  /** Completed when it is closed. */
  readonly closed: Deferred.Deferred<void>
  readonly watch: StoreWatch.StoreWatch
}

const assertOpen = ({ cell, env }: Parts): Effect.Effect<void, Closed> =>
  Effect.suspend(() => cell.get().isClosed ? new Closed({ server: env.label }) : Effect.void)

/** See `Session.untilClosed`. */
const untilClosed = <A, E>({ closed, env }: Parts, effect: Effect.Effect<A, E>): Effect.Effect<A, Closed | E> =>
  firstOf<A, Closed | E, never>([
    effect,
    Effect.flatMap(Deferred.await(closed), () => new Closed({ server: env.label }))
  ])

/** Waits for what spends a code or a refresh token, and reads what it brought. @returns whether there was any. */
const whenSettled = ({ cell, env }: Parts): Effect.Effect<boolean, CredentialStoreError> =>
  Effect.tap(Spending.settled(env), (waited) => waited ? load(env, cell) : Effect.void)

/**
 * Waits for a run. `true`: it succeeded. `false`: it was interrupted, so a plan has to be chosen again. Fails with
 * `InteractionRequired` of reason `SignedOut` when the person has signed out before it ended.
 */
const join = (parts: Parts, run: Effect.Effect<boolean, SessionError>): Effect.Effect<boolean, SessionError> =>
  Effect.suspend(() => {
    const { cell, env } = parts
    const { signOuts } = cell.get()
    return Effect.filterOrFail(
      Effect.zipLeft(run, assertOpen(parts)),
      () => cell.get().signOuts === signOuts,
      () => new InteractionRequired({ server: env.label, reason: "SignedOut" })
    )
  })

const challenge = (parts: Parts): Effect.Effect<BearerChallenge, Closed | DiscoveryError> =>
  Effect.gen(function* () {
    const { cell, env } = parts
    yield* assertOpen(parts)
    const known = cell.get().challenge
    if (known !== undefined) return known
    const probed = yield* probe(env)
    if (probed.isRefused) cell.update((state) => SessionState.challenged(state, probed.challenge))
    return probed.challenge
  })

const obtain = (
  parts: Parts,
  need: TokenPlan.TokenNeed,
  { keep }: Flight.JoinOptions
): Effect.Effect<TokenResult, SessionError> =>
  Effect.gen(function* () {
    const { cell, env, flight } = parts
    cell.update((state) => TokenPlan.withChallengeOf(state, need))
    const { signIns } = cell.get()
    const isMet = () => TokenPlan.isMet(cell.get(), need, signIns)
    for (;;) {
      yield* assertOpen(parts)
      if (isMet()) return "shared"
      const running = flight.running()
      if (running !== undefined) {
        // A `login` does not fail because a refresh that others asked for does.
        yield* Effect.catchIf(
          join(parts, running.join({ keep })),
          (error) => need._tag === "SignIn" && error._tag === "TokenError" && error.grant === "refresh_token",
          () => Effect.succeed(false)
        )
        continue
      }
      // A `login` signs in whatever tokens may be coming.
      if (need._tag !== "SignIn" && (yield* whenSettled(parts))) continue
      const plan = TokenPlan.make(cell.get(), need, cell.now())
      if (plan._tag === "Nothing") {
        if (need._tag === "StepUp") cell.update(SessionState.stepUpFailed)
        return "unchanged"
      }
      const isDone = yield* join(parts, flight.start("token", executePlan(env, cell, plan), { keep }))
      if (isDone) return isMet() ? "obtained" : "unchanged"
    }
  })

/** Does not fail as long as the present token serves: the next refresh may succeed before its time is over. */
const unlessUsable = <A>({ cell }: Parts, effect: Effect.Effect<A, SessionError>): Effect.Effect<void, SessionError> =>
  Effect.catchAll(Effect.asVoid(effect), (error) => {
    const { isClosed, known } = cell.get()
    const isUsable = KnownCredentials.accessToken(known) !== undefined && !KnownCredentials.isExpired(known, cell.now())
    return isClosed || !isUsable ? Effect.fail(error) : Effect.void
  })

/** How long a request with a token that is still good waits for another. */
const refreshPatience = Duration.seconds(10)

const token = (parts: Parts, { keep, settled }: TokenOptions): Effect.Effect<string | undefined, SessionError> =>
  Effect.gen(function* () {
    const { cell, env, flight } = parts
    const current = () => KnownCredentials.accessToken(cell.get().known)
    yield* assertOpen(parts)
    yield* cell.get().known.isLoaded ? parts.watch.catchUp : load(env, cell)
    const running = flight.running()
    // While a person signs in, a request without a token would only be refused.
    if (running?.kind === "token" && (settled || current() === undefined)) yield* join(parts, running.join({ keep }))
    if (current() === undefined || KnownCredentials.isExpiring(cell.get().known, cell.now())) {
      yield* unlessUsable(parts, whenSettled(parts))
    }
    const used = current()
    if (used === undefined || !SessionState.needsRefresh(cell.get(), cell.now())) return used
    const refreshing = Effect.flatMap(challenge(parts), (known) => Effect.asVoid(refresh(env, cell, used, known)))
    const refreshed = join(parts, flight.start("token", refreshing, { keep }))
    // Another process may have the turn, and be stopped: a token that is still good is sent then.
    yield* KnownCredentials.isExpired(cell.get().known, cell.now())
      ? unlessUsable(parts, refreshed)
      : unlessUsable(parts, endAfter(refreshed, refreshPatience, Effect.succeed(false)))
    return current()
  })

const logout = (parts: Parts): Effect.Effect<void, SessionError> =>
  Effect.gen(function* () {
    const { cell, env, flight } = parts
    yield* assertOpen(parts)
    cell.update(SessionState.signedOut)
    const forgetting = Effect.gen(function* () {
      // What is being spent brings tokens that are to be revoked too. It is waited for as long as any answer; a refresh that is
      // still under way then keeps the turn of the store, so that forgetting waits for it.
      yield* endAfter(Spending.settled(env), env.requestTimeout, Effect.sync(() => Spending.disown(env)))
      cell.update(SessionState.hostAsked)
      yield* (yield* logoutModule).run(env, cell, challenge(parts))
    })
    // Not `join`: another `logout` meanwhile is no reason to fail, for it waits for the same run.
    yield* Effect.zipLeft(flight.supersede("logout", forgetting, { keep: true }), assertOpen(parts))
  })

const close = (parts: Parts): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { cell, closed, env, flight } = parts
    cell.update(SessionState.closed)
    const spent = atMost(SessionBudget.spending, Spending.settledOwn(env))
    const written = StoreWatch.writeAtEnd(env, cell)
    return Effect.zipRight(
      Deferred.succeed(env.closing, undefined),
      Effect.ensuring(
        atMost(SessionBudget.total, Effect.zipRight(Effect.zipRight(spent, written), flight.interrupt)),
        Deferred.succeed(closed, undefined)
      )
    )
  })

/** A session in which nothing is known yet. */
export const make = (env: Environment): Effect.Effect<Session> =>
  Effect.zipWith(SessionCell.make, Deferred.make<void>(), (cell, closed) => {
    const parts: Parts = { env, cell, closed, flight: Flight.make(), watch: StoreWatch.make(env, cell) }
    cell.update((state) => ({ ...state, exactScope: env.exactScope }))
    return {
      usableToken: () => parts.watch.isUpToDate() ? SessionState.usableToken(cell.get(), cell.now()) : undefined,
      knownToken: () => SessionState.usableToken(cell.get(), cell.now()),
      token: (options) => token(parts, options),
      obtain: (need, options) => obtain(parts, need, options),
      hostAsked: () => {
        cell.update(SessionState.hostAsked)
        SignInLock.noteInVain(env.store, env.key, undefined)
      },
      secrets: () => cell.get().known.seenTokens.map(Redacted.value),
      knownCredentials: () => Option.getOrUndefined(cell.get().known.credentials),
      challenge: challenge(parts),
      tokenAccepted: (accepted) => cell.update((state) => SessionState.tokenAccepted(state, accepted)),
      scopesSufficed: () => cell.update(SessionState.scopesSufficed),
      isUnconfirmed: (each) => RetryGuard.isUnconfirmed(cell.get().guard, each),
      logout: untilClosed(parts, logout(parts)),
      newestCredentials: Effect.suspend(() => {
        const newest = Effect.map(Stored.load(env), (stored) => KnownCredentials.newest(cell.get().known, stored))
        return cell.get().isClosed ? newest : untilClosed(parts, newest)
      }),
      untilClosed: (effect) => untilClosed(parts, effect),
      isSigningIn: () => cell.get().isSigningIn,
      close: close(parts),
      isClosed: () => cell.get().isClosed
    }
  })
