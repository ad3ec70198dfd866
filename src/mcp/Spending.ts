/**
 * Requests that spend a code or a refresh token. What was spent cannot be used again, so they, and the storing of what they
 * bring, go on when the caller stops waiting: after a time-limit, an abort or a close.
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { Closed } from "../core/mcp/Closed.ts"
import { TokenError } from "../core/mcp/SignInError.ts"
import { firstOf } from "../effect/firstOf.ts"
import { timeLimit } from "../effect/timeLimit.ts"
import { byStoreAndKey } from "./byStoreAndKey.ts"
import type { Environment } from "./Environment.ts"

/** What is spent, and where. */
export type Spent = Pick<TokenError, "grant" | "issuer">

/** A request under way. */
interface UnderWay {
  readonly env: Environment
  readonly ended: Deferred.Deferred<void>
  /** `false`: the person has signed out since. */
  isWanted: boolean
}

/** What the sender of such a request is given. */
export interface SpendingRequest {
  /** Fails the caller with `TokenError` of reason `TimedOut`; to be run when the server, and not the store, takes too long. */
  readonly tellLate: Effect.Effect<void>
  /** `false`: the person has signed out since the request began. */
  readonly isWanted: () => boolean
}

/** How long such a request may take, where the caller's own time-limit is not longer. */
const longest = Duration.seconds(60)

/** How long it may go on after its session was closed: an open socket keeps a program from ending. */
const afterClose = Duration.seconds(10)

/** How long such a request may take. */
export const limit = ({ requestTimeout }: Pick<Environment, "requestTimeout">): Duration.Duration =>
  Duration.max(requestTimeout, longest)

// Sessions with one store and key would spend the same code or refresh token.
const underWay = byStoreAndKey(() => new Set<UnderWay>())

const ofKey = ({ key, store }: Environment): Set<UnderWay> => underWay(store, key)

/**
 * Runs a request that spends something, and the storing of what it brings, in a daemon fiber. The caller may be
 * interrupted, and fails when it takes longer than `requestTimeout`; the request goes on for a minute in all, and for ten
 * seconds after the session was closed.
 */
export const spend = <A, E>(
  env: Environment,
  spent: Spent,
  work: (request: SpendingRequest) => Effect.Effect<A, E>
): Effect.Effect<A, Closed | E | TokenError> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const told = yield* Deferred.make<A, Closed | E | TokenError>()
      const each: UnderWay = { env, ended: yield* Deferred.make<void>(), isWanted: true }
      const tellLate = Effect.asVoid(Deferred.failSync(told, () => new TokenError({ reason: "TimedOut", ...spent })))
      const cut = Effect.zipRight(
        Effect.zipRight(Deferred.await(env.closing), timeLimit(afterClose)),
        Effect.suspend(() => new Closed({ server: env.label }))
      )
      ofKey(env).add(each)
      yield* firstOf<A, Closed | E, never>([work({ tellLate, isWanted: () => each.isWanted }), cut]).pipe(
        Effect.interruptible,
        Effect.exit,
        Effect.flatMap((exit) => {
          ofKey(env).delete(each)
          return Effect.zipRight(Deferred.done(told, exit), Deferred.succeed(each.ended, undefined))
        }),
        Effect.forkDaemon
      )
      return yield* restore(Deferred.await(told))
    })
  )

const ended = (all: ReadonlyArray<UnderWay>): Effect.Effect<void> =>
  Effect.forEach(all, (each) => Deferred.await(each.ended), { discard: true })

/** Whether something is being spent for this server and account. */
export const isUnderWay = (env: Environment): boolean => ofKey(env).size > 0

/** Waits until nothing is being spent for this server and account. @returns whether there was something to wait for. */
export const settled = (env: Environment): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    const all = [...ofKey(env)]
    return all.length === 0 ? Effect.succeed(false) : Effect.as(ended(all), true)
  })

/** Has what is being spent for this server and account thrown away when it comes. */
export const disown = (env: Environment): void => {
  for (const each of ofKey(env)) each.isWanted = false
}

/** Waits until this session is spending nothing. */
export const settledOwn = (env: Environment): Effect.Effect<void> =>
  Effect.suspend(() => ended([...ofKey(env)].filter((each) => each.env === env)))
