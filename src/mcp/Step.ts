/**
 * One step between this program and an authorization server: a call of the SDK, with a time-limit and with its requests
 * recorded.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Fault from "../core/mcp/Fault.ts"
import { Closed } from "../core/mcp/Closed.ts"
import type { SdkMissing } from "../core/mcp/SignInError.ts"
import { endAfter } from "../effect/endAfter.ts"
import * as AuthorizationFetch from "./AuthorizationFetch.ts"
import type { Environment } from "./Environment.ts"
import type { FetchLike } from "./FetchLike.ts"
import * as Sdk from "./Sdk.ts"

/** How a step ended. */
export interface StepResult<A> {
  /** What the SDK returned or threw. */
  readonly result: Either.Either<A, unknown>
  /** How its last request ended. */
  readonly outcome: Fault.Outcome
  readonly timedOut: boolean
}

/**
 * Runs one step. It never fails with what the SDK throws, because the messages of the SDK's errors quote responses.
 */
export const step = <A>(
  env: Environment,
  run: (sdk: Sdk.Sdk, fetch: FetchLike) => Promise<A>
): Effect.Effect<StepResult<A>, SdkMissing> =>
  Effect.flatMap(Sdk.load, (sdk) => {
    let recorder: AuthorizationFetch.Recorder | undefined
    const attempt = Effect.tryPromise({
      try: (signal) => {
        recorder = AuthorizationFetch.record(env.fetch, signal)
        return run(sdk, recorder.fetch)
      },
      catch: (error) => error
    })
    const late = Effect.succeed({ result: Either.left(undefined), timedOut: true })
    const finished = Effect.map(Effect.either(attempt), (result) => ({ result, timedOut: false }))
    return Effect.map(endAfter(finished, env.requestTimeout, late), (end) => ({
      ...end,
      outcome: recorder?.outcome() ?? { _tag: "NotSent" }
    }))
  })

/** Why a step failed. @param secrets What was sent, to be removed from the texts of the response. */
export const faultOf = (
  { outcome, timedOut }: Pick<StepResult<unknown>, "outcome" | "timedOut">,
  secrets: ReadonlyArray<string | undefined> = []
): Fault.Fault => timedOut ? { reason: "TimedOut" } : Fault.of(outcome, secrets)

/** How long a request with a code or a refresh token may go on after the scope of the session began to close. */
const grace = Duration.millis(500)

/**
 * Runs a request that spends a code or a refresh token, and the storing of what it brings, without interruption: what was
 * spent cannot be used again. When the scope of the session closes, it fails with `Closed` half a second later.
 *
 * It runs in a daemon fiber, because an interrupt of a fiber reaches its children even in an uninterruptible region.
 */
export const spending = <A, E, R>(env: Environment, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | Closed, R> =>
  Effect.uninterruptible(Effect.gen(function* () {
    const running = yield* Effect.forkDaemon(Effect.interruptible(effect))
    const limit = yield* Effect.forkDaemon(Effect.interruptible(
      Effect.zipRight(Deferred.await(env.closing), Effect.delay(Fiber.interrupt(running), grace))
    ))
    const exit = yield* Fiber.await(running)
    yield* Fiber.interrupt(limit)
    return yield* Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause) ? new Closed({ server: env.label }) : exit
  }))
