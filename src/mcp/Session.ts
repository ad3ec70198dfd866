/**
 * The sign-in of one server and account while the program runs: which token is good, and how to get another, once for all
 * callers that ask.
 *
 * What is known stands in one `SessionState`, what to do is decided by `TokenPlan`, and `Flight` sees to it that one thing
 * is done at a time.
 */
import * as Deferred from "effect/Deferred"
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
import type { CredentialStoreError } from "../services/CredentialStore.ts"
import type { Environment } from "./Environment.ts"
import { executePlan, load, type PlanError, refresh } from "./executePlan.ts"
import * as Flight from "./Flight.ts"
import type { LogoutError } from "./Logout.ts"
import { probe } from "./Probe.ts"
import * as SessionCell from "./SessionCell.ts"

/** Every way to get a token, or to sign out, fails. */
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
  /** `true`: if another token is being got, waits for that one, also where the present one is still good. */
  readonly settled: boolean
}

/** The sign-in of one server and account. */
export interface Session {
  /** The access token that can be sent at once, if there is one. */
  readonly usableToken: () => string | undefined
  /**
   * The access token: read from the store the first time, refreshed when it is about to expire, waited for while a person
   * signs in. `undefined` when there is none.
   */
  readonly token: (options: TokenOptions) => Effect.Effect<string | undefined, SessionError>
  /** Gets another access token, or waits for a caller that does. */
  readonly obtain: (
    need: TokenPlan.TokenNeed,
    options: Flight.JoinOptions
  ) => Effect.Effect<TokenResult, SessionError>
  /** Tokens there were, in the clear, so that texts of the server can be cleared of them. */
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
  readonly newestCredentials: Effect.Effect<Option.Option<Credentials>, CredentialStoreError>
  readonly isSigningIn: () => boolean
  /** Interrupts what runs; after it nothing opens a browser or writes a token. */
  readonly close: Effect.Effect<void>
  readonly isClosed: () => boolean
}

/** What the functions below share. */
interface Parts {
  readonly env: Environment
  readonly cell: SessionCell.SessionCell
  readonly flight: Flight.Flight<"logout" | "token", SessionError>
}

const assertOpen = ({ cell, env }: Parts): Effect.Effect<void, Closed> =>
  Effect.suspend(() => cell.get().isClosed ? new Closed({ server: env.label }) : Effect.void)

/** Waits for a run. @returns `false` when the caller has to decide again. */
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
    cell.update((state) => TokenPlan.noted(state, need))
    const { signIns } = cell.get()
    const isMet = () => TokenPlan.isMet(cell.get(), need, signIns)
    for (;;) {
      yield* assertOpen(parts)
      if (isMet()) return "shared"
      const running = flight.running()
      if (running !== undefined) {
        yield* join(parts, running.join({ keep }))
        continue
      }
      const plan = TokenPlan.make(cell.get(), need, cell.now())
      if (plan._tag === "Nothing") return "unchanged"
      const isDone = yield* join(parts, flight.start("token", executePlan(env, cell, plan), { keep }))
      if (isDone) return isMet() ? "obtained" : "unchanged"
    }
  })

const token = (parts: Parts, { keep, settled }: TokenOptions): Effect.Effect<string | undefined, SessionError> =>
  Effect.gen(function* () {
    const { cell, env, flight } = parts
    const current = () => KnownCredentials.accessToken(cell.get().known)
    yield* assertOpen(parts)
    if (!cell.get().known.isLoaded) yield* load(env, cell)
    const running = flight.running()
    // While a person signs in, a request without a token would only be refused.
    if (running?.kind === "token" && (settled || current() === undefined)) yield* join(parts, running.join({ keep }))
    const used = current()
    if (used === undefined || !SessionState.needsRefresh(cell.get(), cell.now())) return used
    const refreshing = Effect.flatMap(challenge(parts), (known) => Effect.asVoid(refresh(env, cell, used, known)))
    yield* Effect.catchAll(join(parts, flight.start("token", refreshing, { keep })), (error) => {
      // Until its time is over the present token still serves, and the next refresh may succeed.
      const { isClosed, known } = cell.get()
      return isClosed || KnownCredentials.isExpired(known, cell.now()) ? Effect.fail(error) : Effect.void
    })
    return current()
  })

const logout = (parts: Parts): Effect.Effect<void, SessionError> =>
  Effect.gen(function* () {
    const { cell, env, flight } = parts
    yield* assertOpen(parts)
    cell.update(SessionState.signedOut)
    const forgetting = Effect.flatMap(logoutModule, (Logout) => Logout.run(env, cell, challenge(parts)))
    yield* join(parts, flight.supersede("logout", forgetting, { keep: true }))
  })

const close = ({ cell, env, flight }: Parts): Effect.Effect<void> =>
  Effect.suspend(() => {
    cell.update(SessionState.closed)
    return Effect.zipRight(Deferred.succeed(env.closing, undefined), flight.interrupt)
  })

/** A session in which nothing is known yet. */
export const make = (env: Environment): Effect.Effect<Session> =>
  Effect.map(SessionCell.make, (cell) => {
    const parts: Parts = { env, cell, flight: Flight.make() }
    const { key, store } = env
    return {
      usableToken: () => SessionState.usableToken(cell.get(), cell.now()),
      token: (options) => token(parts, options),
      obtain: (need, options) => obtain(parts, need, options),
      secrets: () => cell.get().known.seenTokens.map(Redacted.value),
      knownCredentials: () => Option.getOrUndefined(cell.get().known.credentials),
      challenge: challenge(parts),
      tokenAccepted: (accepted) => cell.update((state) => SessionState.tokenAccepted(state, accepted)),
      scopesSufficed: () => cell.update(SessionState.scopesSufficed),
      isUnconfirmed: (each) => RetryGuard.isUnconfirmed(cell.get().guard, each),
      logout: logout(parts),
      newestCredentials: Effect.map(store.load(key), (stored) => KnownCredentials.newest(cell.get().known, stored)),
      isSigningIn: () => cell.get().isSigningIn,
      close: close(parts),
      isClosed: () => cell.get().isClosed
    }
  })
