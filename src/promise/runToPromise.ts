/**
 * From effects to promises, and from a caller's promises to effects.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import { Closed } from "../core/mcp/Closed.ts"
import { tagged } from "../core/UnexpectedError.ts"
import { onAbort } from "../effect/onAbort.ts"

/** What a caller's own function threw or rejected with, carried through Effect's typed channel as it is. */
export class Thrown {
  readonly _tag = "Thrown"
  readonly error: unknown
  constructor(error: unknown) {
    this.error = error
  }
}

const isClosed = (error: unknown): boolean => error instanceof Error && "_tag" in error && error._tag === "Closed"

/** Calls a function of the caller; what it throws is carried as it is. */
export const fromCaller = <A>(call: (signal: AbortSignal) => Promise<A> | A): Effect.Effect<A, Thrown> =>
  Effect.tryPromise({ try: async (signal) => await call(signal), catch: (error) => new Thrown(error) })

/**
 * The error of a cause: what failed, else what died. Effect hands out a proxy of an error that went through a span. Deno
 * prints no message of that proxy where it is not caught, so this gives the error itself.
 */
export const errorOf = (cause: Cause.Cause<unknown>): unknown =>
  Cause.originalError(Option.getOrElse(Cause.failureOption(cause), () => Cause.squash(cause)))

/**
 * Runs to a promise that rejects with the error itself, or with the reason why it was cut short. What has no tag, and is not
 * of a function of the caller, becomes an `UnexpectedError`.
 */
export const runToPromise = async <A, E>(
  effect: Effect.Effect<A, E>,
  signals: ReadonlyArray<AbortSignal | undefined>
): Promise<A> => {
  const aborted = () => signals.find((signal) => signal?.aborted === true)
  if (aborted() !== undefined) throw aborted()?.reason
  const fiber = Effect.runFork(effect)
  const abort = () => Effect.runSync(Fiber.interruptAsFork(fiber, FiberId.none))
  const takeBack = signals.map((signal) => signal === undefined ? undefined : onAbort(signal, abort))
  // Asked as it ends: an abort that comes a moment later did not cause that end.
  const [exit, cancelled] = await new Promise<readonly [Exit.Exit<A, E>, AbortSignal | undefined]>((resolve) =>
    fiber.addObserver((exit) => resolve([exit, aborted()]))
  )
  for (const stop of takeBack) stop?.()
  if (Exit.isSuccess(exit)) return exit.value
  if (Cause.isInterruptedOnly(exit.cause)) throw cancelled === undefined ? new Closed({}) : cancelled.reason
  const error = errorOf(exit.cause)
  if (cancelled !== undefined && isClosed(error)) throw cancelled.reason
  throw error instanceof Thrown ? error.error : tagged(error)
}
