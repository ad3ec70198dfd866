/**
 * What every step of a sign-in needs: the server, the options, the way out, and the limits.
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { ClientOptions } from "../core/mcp/ClientChoice.ts"
import * as Fault from "../core/mcp/Fault.ts"
import type { Unsafe } from "../core/mcp/Metadata.ts"
import { Closed, type SdkMissing } from "../core/mcp/SignInError.ts"
import type { CallbackFlow, OpenOptions } from "../flow/CallbackFlow.ts"
import type { CallbackServer } from "../services/CallbackServer.ts"
import type { CredentialKey, CredentialStore } from "../services/CredentialStore.ts"
import type { PasteInput } from "../services/PasteInput.ts"
import type { Presenter } from "../services/Presenter.ts"
import * as AuthorizationFetch from "./AuthorizationFetch.ts"
import type { FetchLike } from "./FetchLike.ts"
import * as Sdk from "./Sdk.ts"

/** Services that a sign-in needs. */
export type Services = CallbackServer | CredentialStore | PasteInput | Presenter

/** What every step of a sign-in needs. */
export interface Environment extends ClientOptions {
  /** Checked, without a fragment. */
  readonly server: URL
  /** Its address for errors and spans, without the query. */
  readonly label: string
  /** What the person signs in to, as the terminal names it. */
  readonly serverName: string
  readonly key: CredentialKey
  readonly scope?: string | undefined
  readonly interactive: boolean
  readonly fetch: FetchLike
  readonly callback: OpenOptions & { readonly timeout?: Duration.DurationInput | undefined }
  readonly unsafe: Unsafe
  readonly requestTimeout: Duration.Duration
  /** Waits until this sign-in may be put before the person; it is over when the scope closes. */
  readonly turn?: Effect.Effect<void, never, Scope.Scope> | undefined
  readonly services: Context.Context<Services>
  readonly store: CredentialStore
  readonly presenter: Presenter
  /** Flows that wait for their answer. */
  readonly flows: Set<CallbackFlow>
  /** Waived checks that the person was told of. */
  readonly warned: Set<keyof Unsafe>
  /** Completed when the scope begins to close. */
  readonly closing: Deferred.Deferred<void>
}

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
