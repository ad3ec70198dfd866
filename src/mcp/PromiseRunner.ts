/**
 * Runs the effects of a session as promises: the SDK and hosts without Effect call `fetch` as a plain function.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import { Closed } from "../core/mcp/Closed.ts"
import { tagged } from "../core/UnexpectedError.ts"
import { onAbort } from "../effect/onAbort.ts"
import type { SessionError } from "./Session.ts"

/** Runs effects of a session as promises. */
export interface PromiseRunner {
  /** Rejects with the error itself; an aborted signal ends the waiting with its reason. */
  readonly run: <A>(effect: Effect.Effect<A, SessionError>, signal?: AbortSignal) => Promise<A>
  /** The error of what is closed, for promises that wait for no effect. */
  readonly closed: () => Closed
  /** Whether a promise of this runner rejected with this error, or it is one of `closed`. */
  readonly isOwnError: (error: unknown) => error is SessionError
}

/** A runner of one session. @param server The MCP server, for the error `Closed`. */
export const make = (server: string, runtime: Runtime.Runtime<never>): PromiseRunner => {
  const errors = new WeakSet<object>()
  const own = <Error extends SessionError>(error: Error): Error => {
    errors.add(error)
    return error
  }
  const closed = () => own(new Closed({ server }))
  const runExit = Runtime.runPromiseExit(runtime)
  return {
    run: async (effect, signal) => {
      signal?.throwIfAborted()
      const controller = new AbortController()
      const stop = signal === undefined ? undefined : onAbort(signal, () => controller.abort())
      // Where the runtime was taken in an uninterruptible region, the fiber would be uninterruptible too.
      const exit = await runExit(Effect.interruptible(effect), { signal: controller.signal })
      stop?.()
      if (Exit.isSuccess(exit)) return exit.value
      signal?.throwIfAborted()
      if (Cause.isInterruptedOnly(exit.cause)) throw closed()
      const error = Cause.failureOption(exit.cause)
      // Effect hands out a proxy of an error that went through a span.
      if (Option.isSome(error)) throw own(Cause.originalError(error.value))
      throw tagged(Cause.originalError(Cause.squash(exit.cause)))
    },
    closed,
    isOwnError: (error): error is SessionError => typeof error === "object" && error !== null && errors.has(error)
  }
}
