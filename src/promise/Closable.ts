/**
 * A scope that a caller without Effect closes: by `close`, or by a signal.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { onAbort } from "../effect/onAbort.ts"
import { runToPromise } from "./runToPromise.ts"

/** A scope's end, and its effects as promises. */
export interface Closable {
  /** Releases everything; the same promise each time. */
  readonly close: () => Promise<void>
  /** Runs to a promise; one of the signals, the scope's own among them, cuts it short. */
  readonly run: <A, E>(effect: Effect.Effect<A, E>, signal?: AbortSignal) => Promise<A>
  /** The same for what opens it: when that fails, or is cut short, nothing stays open. */
  readonly open: <A, E>(effect: Effect.Effect<A, E>) => Promise<A>
}

/** Closes the scope when the signal aborts. */
export const make = (scope: Scope.CloseableScope, signal: AbortSignal | undefined): Closable => {
  let closed: Promise<void> | undefined
  const close = () => closed ??= Effect.runPromise(Scope.close(scope, Exit.void))
  if (signal !== undefined) Effect.runSync(Scope.addFinalizer(scope, Effect.sync(onAbort(signal, () => void close()))))
  if (signal?.aborted === true) void close()
  const run: Closable["run"] = (effect, own) => runToPromise(effect, [own, signal])
  return {
    close,
    run,
    open: async (effect) => {
      try {
        const opened = await run(effect)
        signal?.throwIfAborted()
        return opened
      } catch (error) {
        await close()
        throw error
      }
    }
  }
}
