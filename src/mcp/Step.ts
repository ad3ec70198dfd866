/**
 * One step between this program and the authorization server: within its limits, and with what was on the wire.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Fault from "../core/mcp/Fault.ts"
import { Closed, type SdkMissing } from "../core/mcp/SignInError.ts"
import * as AuthorizationFetch from "./AuthorizationFetch.ts"
import type { Environment } from "./Environment.ts"
import type { FetchLike } from "./FetchLike.ts"
import * as Sdk from "./Sdk.ts"

/** What became of a step: what the SDK made of it, and what was on the wire. */
export interface StepResult<A> {
  readonly result: Either.Either<A, unknown>
  readonly outcome: Fault.Outcome
  readonly timedOut: boolean
}

/**
 * Runs one step of the SDK, with its requests recorded and within the time-limit. It never fails with what the SDK
 * throws: the messages of its errors hold what servers sent.
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
    return Effect.map(Effect.timeoutOption(Effect.either(attempt), env.requestTimeout), (finished) => ({
      result: finished._tag === "Some" ? finished.value : Either.left(undefined),
      outcome: recorder?.outcome() ?? { _tag: "NotSent" },
      timedOut: finished._tag === "None"
    }))
  })

/** The fault of a step that failed. */
export const faultOf = (
  { outcome, timedOut }: Pick<StepResult<unknown>, "outcome" | "timedOut">,
  secrets: ReadonlyArray<string | undefined> = []
): Fault.Fault => timedOut ? { reason: "TimedOut" } : Fault.of(outcome, secrets)

/** How long a request that spends a code or a refresh token may go on after the scope began to close. */
const grace = Duration.millis(500)

/**
 * Runs what spends something that cannot be spent again, together with the keeping of what it brings: whoever
 * interrupts it waits for its end. When the scope closes it gets half a second more.
 *
 * It runs in a fiber of its own: an interrupt goes to the children of a fiber even where the fiber itself is not to be
 * interrupted.
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
