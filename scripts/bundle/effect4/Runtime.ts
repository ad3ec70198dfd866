/** The `Runtime` of Effect 3: here no more than a context. */
import type * as Context from "effect4/Context"
import * as Effect from "effect4/Effect"
import type * as Exit from "effect4/Exit"

export interface Runtime<in R> {
  readonly context: Context.Context<R>
}

export const runPromiseExit = <R>({ context }: Runtime<R>) =>
<A, E>(
  effect: Effect.Effect<A, E, R>,
  options?: { readonly signal?: AbortSignal } | undefined
): Promise<Exit.Exit<A, E>> => Effect.runPromiseExitWith(context)(effect, options)
