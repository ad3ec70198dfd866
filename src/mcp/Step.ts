/**
 * One step between this program and an authorization server: a call of the SDK, with a time-limit and with its requests
 * recorded.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fault from "../core/mcp/Fault.ts"
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
 * Runs one step, for `requestTimeout` at most where no other limit is given. It never fails with what the SDK throws,
 * because the messages of the SDK's errors quote responses.
 */
export const step = <A>(
  env: Environment,
  run: (sdk: Sdk.Sdk, fetch: FetchLike) => Promise<A>,
  limit: Duration.Duration = env.requestTimeout
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
    return Effect.map(endAfter(finished, limit, late), (end) => ({
      ...end,
      outcome: recorder?.outcome() ?? { _tag: "NotSent" }
    }))
  })

/** Why a step failed. @param secrets What was sent, to be removed from the texts of the response. */
export const faultOf = (
  { outcome, timedOut }: Pick<StepResult<unknown>, "outcome" | "timedOut">,
  secrets: ReadonlyArray<string | undefined> = []
): Fault.Fault => timedOut ? { reason: "TimedOut" } : Fault.of(outcome, secrets)
