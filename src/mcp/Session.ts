/**
 * The sign-in of one server and account while the program runs: which token is good, and how to get another, once for
 * everybody who asks.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Credentials } from "../core/mcp/Credentials.ts"
import type { BearerChallenge } from "../core/mcp/Challenge.ts"
import * as Doubt from "../core/mcp/Doubt.ts"
import * as ScopeSet from "../core/mcp/ScopeSet.ts"
import { Closed, type DiscoveryError, InteractionRequired, type RevocationError } from "../core/mcp/SignInError.ts"
import type { CredentialStoreError } from "../services/CredentialStore.ts"
import { onFirstUse } from "../services/onFirstUse.ts"
import type { Environment } from "./Environment.ts"
import * as Flight from "./Flight.ts"
import * as Memory from "./Memory.ts"
import { probe } from "./Probe.ts"
import type { RefreshError } from "./Refresh.ts"
import type { SignInError } from "./SignIn.ts"
import * as SignInLock from "./SignInLock.ts"

/** Every way to get a token fails. */
export type SessionError = InteractionRequired | RefreshError | RevocationError | SignInError

// Whoever has good tokens needs none of them, and loads none of what is behind them.
const signInModule = onFirstUse(Effect.promise(() => import("./SignIn.ts")))
const refreshModule = onFirstUse(Effect.promise(() => import("./Refresh.ts")))
const logoutModule = onFirstUse(Effect.promise(() => import("./Logout.ts")))

/** Why another token is wanted. */
export type Need =
  /** `used` was refused; without it there was none. */
  | { readonly _tag: "Renew"; readonly used: string | undefined; readonly challenge: BearerChallenge }
  /** `used` allows too little. */
  | { readonly _tag: "StepUp"; readonly used: string; readonly challenge: BearerChallenge }
  /** `used` was refused or allows too little, nobody knows which: the server is asked. The scopes are what may be missing. */
  | { readonly _tag: "Ask"; readonly used: string | undefined; readonly scope: string | undefined }
  /** A person is to sign in, whatever there is. */
  | { readonly _tag: "SignIn"; readonly challenge: BearerChallenge }

/** What came of a {@link Need}. */
export type Attained = "got" | "waited" | "nothing"

/** The sign-in of one server and account. */
export interface Session {
  /** The access token, as long as it is good and known: what costs nothing. */
  readonly known: () => string | undefined
  /**
   * The access token: read from the store the first time, refreshed when it is about to expire, waited for while
   * somebody signs in. `undefined` when there is none. With `settled` it also waits for another one on its way.
   */
  readonly token: (
    options: { readonly keep: boolean; readonly settled: boolean }
  ) => Effect.Effect<string | undefined, SessionError>
  /**
   * Gets another token, or waits for whoever does: `"got"` and `"waited"`. `"nothing"`: everything was tried, and nothing
   * changed.
   */
  readonly attain: (need: Need, options: { readonly keep: boolean }) => Effect.Effect<Attained, SessionError>
  /** Tokens there were, for those who clean a text of them. */
  readonly secrets: () => ReadonlyArray<string>
  /** The credentials as they are known, without asking the store. */
  readonly held: () => Credentials | undefined
  /** What the server asks for. */
  readonly challenge: Effect.Effect<BearerChallenge, Closed | DiscoveryError>
  /** The server took this token. */
  readonly accepted: (token: string) => void
  /** A request that needed more scopes went through. */
  readonly helped: () => void
  /** Whether this token is new, and the server did not take it yet. */
  readonly isUntried: (token: string) => boolean
  readonly logout: Effect.Effect<void, SessionError>
  /** The newest credentials there are. */
  readonly credentials: Effect.Effect<Option.Option<Credentials>, CredentialStoreError>
  readonly isSigningIn: () => boolean
  /** Interrupts what runs; after it nothing opens a browser or writes a token. */
  readonly close: Effect.Effect<void>
  readonly isClosed: () => boolean
}

type Kind = "logout" | "token"

/** A session with nothing known yet. */
export const make = (env: Environment): Effect.Effect<Session> =>
  Effect.map(Effect.clock, (clock) => {
    const { key, services, store } = env
    const memory = Memory.make()
    const flight = Flight.make<Kind, SessionError>()
    let closed = false
    /** Grow with each finished sign-in and each logout: whoever waited can tell what happened meanwhile. */
    let signIns = 0
    let logouts = 0
    let signingIn = false
    /** What the server said last: where its metadata is, and what it asks for. */
    let said: BearerChallenge | undefined
    /** Scopes that requests wait for: the next step-up asks for all of them at once. */
    let awaited: string | undefined
    /** Scopes that a person was asked for since the start: a new sign-in asks for no less. */
    let asked: string | undefined
    let steppedUp: Doubt.SteppedUp | undefined
    let untried: Doubt.Untried | undefined

    const now = () => clock.unsafeCurrentTimeMillis()
    const load = Effect.flatMap(store.load(key), (stored) => Effect.sync(() => memory.load(stored, now())))
    const isOpen = Effect.suspend(() => closed ? Effect.fail(new Closed({ server: env.label })) : Effect.void)

    /** What the server says to whoever comes without a token: asked for where it did not say it yet. */
    const challenge: Effect.Effect<BearerChallenge, Closed | DiscoveryError> = Effect.zipRight(
      isOpen,
      Effect.suspend(() =>
        said !== undefined ? Effect.succeed(said) : Effect.map(probe(env), (found) => {
          if (found.isRefused) said = found.challenge
          return found.challenge
        })
      )
    )

    /** Tokens that somebody else brought since: another object of this process, or another process. */
    const findNewer = (used: string | undefined) =>
      Effect.map(load, () => {
        const token = memory.accessToken()
        return token !== undefined && token !== used
      })

    const signIn = (
      need: {
        readonly used: string | undefined
        readonly forced: boolean
        readonly reason: InteractionRequired["reason"]
      },
      challenge: BearerChallenge,
      moreScopes: string | undefined
    ) =>
      Effect.gen(function* () {
        if (!need.forced && (yield* findNewer(need.used))) return
        if (!env.interactive) {
          const scope = ScopeSet.union(challenge.scope, moreScopes)
          return yield* new InteractionRequired({ server: env.label, reason: need.reason, scope })
        }
        yield* SignInLock.exclusively(store, key)(Effect.gen(function* () {
          // Somebody may have signed in while this one waited.
          const isThere = need.used !== undefined || !need.forced ? yield* findNewer(need.used) : false
          if (isThere && (!need.forced || ScopeSet.covers(memory.tokens()?.scope, moreScopes))) return
          const { run } = yield* signInModule
          signingIn = true
          const { scope } = yield* Effect.ensuring(
            run(env, {
              challenge,
              moreScopes,
              onCredentials: (credentials) => memory.take(Option.some(credentials), now()),
              onStored: memory.saved
            }),
            Effect.sync(() => void (signingIn = false))
          )
          signIns++
          asked = ScopeSet.union(asked, scope)
          if (ScopeSet.covers(asked, awaited)) awaited = undefined
          const token = memory.accessToken()
          steppedUp = need.reason === "InsufficientScope" && scope !== undefined
            ? { scope, granted: memory.tokens()?.scope, since: now() }
            : undefined
          untried = token === undefined ? undefined : Doubt.signedIn(token, need.used, untried, now())
        }))
      }).pipe(Effect.provide(services))

    /** A refreshed token, with the doubts about the one it came of. */
    const refreshed = (used: string, challenge: BearerChallenge) =>
      Effect.tap(Effect.flatMap(refreshModule, ({ refresh }) => refresh(env, memory, used, challenge)), (done) =>
        Effect.sync(() => {
          const token = memory.accessToken()
          if (done && token !== undefined) {
            untried = Doubt.refreshed(token, used, untried, now())
          }
        }))

    const stepUp = (used: string, challenge: BearerChallenge) => {
      const wanted = ScopeSet.union(memory.tokens()?.scope, asked, challenge.scope, awaited)
      return challenge.scope === undefined || Doubt.isFruitless(steppedUp, wanted, memory.tokens()?.scope, now())
        ? undefined
        : Effect.onError(signIn({ used, forced: true, reason: "InsufficientScope" }, challenge, wanted), () =>
          // Whoever waited fails with it.
          Effect.sync(() =>
            void (awaited = undefined)
          ))
    }

    const renew = (used: string | undefined, challenge: BearerChallenge) => {
      const doubt = Doubt.about(used, untried, memory.isExpired(now()), now())
      const reason = used === undefined ? "NotSignedIn" : "Rejected"
      const askPerson = doubt.byPerson ? undefined : signIn({ used, forced: false, reason }, challenge, asked)
      return used === undefined || doubt.byRefresh
        ? askPerson
        : Effect.flatMap(refreshed(used, challenge), (done) => done ? Effect.void : askPerson ?? Effect.void)
    }

    /** What gets a token for a need; `undefined` when nothing would help. */
    const remedy = (need: Need): Effect.Effect<void, SessionError> | undefined => {
      switch (need._tag) {
        case "SignIn":
          return signIn(
            { used: undefined, forced: true, reason: "NotSignedIn" },
            need.challenge,
            ScopeSet.union(memory.tokens()?.scope, asked)
          )
        case "StepUp":
          return stepUp(need.used, need.challenge)
        case "Renew":
          return renew(need.used, need.challenge)
        case "Ask": {
          const { scope, used } = need
          // Another token is there by now, and has all that could be missing.
          const isEnough = ScopeSet.covers(ScopeSet.union(memory.tokens()?.scope, asked, "offline_access"), scope)
          return Effect.flatMap(probe(env, used), ({ challenge, isRefused }) => {
            if (used === undefined || isRefused) return renew(used, challenge) ?? Effect.void
            return (isEnough ? undefined : stepUp(used, { ...challenge, ...(scope !== undefined && { scope }) })) ??
              Effect.void
          })
        }
      }
    }

    /** Waits for a run; `false` when there is to be looked again. */
    const join = (run: Effect.Effect<boolean, SessionError>) =>
      Effect.suspend(() => {
        const before = logouts
        return Effect.filterOrFail(
          Effect.zipLeft(run, isOpen),
          () => logouts === before,
          () => new InteractionRequired({ server: env.label, reason: "SignedOut" })
        )
      })

    const attain: Session["attain"] = (need, { keep }) =>
      Effect.gen(function* () {
        if (need._tag === "StepUp") {
          // These scopes are for that request alone.
          const { scope, ...rest } = need.challenge
          said = { ...said, ...rest }
          awaited = ScopeSet.union(awaited, scope)
        } else if (need._tag !== "Ask") said = { ...said, ...need.challenge }
        const before = signIns
        const isMet = () => {
          const token = memory.accessToken()
          return need._tag === "SignIn" ? signIns > before : token !== undefined && token !== need.used
        }
        for (;;) {
          yield* isOpen
          if (isMet()) return "waited"
          const running = flight.running()
          if (running !== undefined) {
            yield* join(running.join({ keep }))
            continue
          }
          const effect = remedy(need)
          if (effect === undefined) return "nothing"
          if (yield* join(flight.start("token", effect, { keep }))) return isMet() ? "got" : "nothing"
        }
      })

    const token: Session["token"] = ({ keep, settled }) =>
      Effect.gen(function* () {
        yield* isOpen
        if (!memory.isLoaded()) yield* load
        const running = flight.running()
        // Somebody is signing in: a request without a token would only be refused.
        if (running?.kind === "token" && (settled || memory.accessToken() === undefined)) {
          yield* join(running.join({ keep }))
        }
        const used = memory.accessToken()
        if (used === undefined || !memory.isExpiring(now()) || memory.tokens()?.refreshToken === undefined) return used
        const refreshing = Effect.flatMap(challenge, (known) => Effect.asVoid(refreshed(used, known)))
        yield* Effect.catchAll(join(flight.start("token", refreshing, { keep })), (error) =>
          // It still has some seconds: the server may be back by then.
          memory.isExpired(now()) || closed ? Effect.fail(error) : Effect.void)
        return memory.accessToken()
      })

    const forget = Effect.flatMap(logoutModule, ({ run }) => run(env, memory, challenge))

    return {
      known: () => !closed && memory.isLoaded() && !memory.isExpiring(now()) ? memory.accessToken() : undefined,
      token,
      attain,
      accepted: (accepted) => {
        if (accepted === untried?.token) untried = undefined
      },
      helped: () => {
        steppedUp = undefined
      },
      held: memory.credentials,
      secrets: memory.secrets,
      challenge,
      isUntried: (token) => token === untried?.token,
      logout: Effect.gen(function* () {
        yield* isOpen
        logouts++
        asked = undefined
        awaited = undefined
        steppedUp = undefined
        untried = undefined
        yield* join(flight.supersede("logout", forget, { keep: true }))
      }),
      credentials: Effect.map(store.load(key), memory.newest),
      isSigningIn: () => signingIn,
      close: Effect.suspend(() => {
        closed = true
        return Effect.zipRight(Deferred.succeed(env.closing, undefined), flight.interrupt)
      }),
      isClosed: () => closed
    }
  })
