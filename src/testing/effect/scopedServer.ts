/**
 * A server of the testing kit that stops with its scope.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { ListenError } from "../Listener.ts"

/** Starts it, and closes it with the scope; no socket is left then. What is no failure to listen is a defect. */
export const scopedServer = <A extends { readonly close: () => Promise<void> }>(
  start: () => Promise<A>
): Effect.Effect<A, ListenError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.catchAll(
      Effect.tryPromise({ try: start, catch: (cause) => cause }),
      (cause) => cause instanceof ListenError ? Effect.fail(cause) : Effect.die(cause)
    ),
    ({ close }) => Effect.promise(close)
  )
