/** The `Runtime` of Effect 3: a context, and whether its fibers start out uninterruptible. */
import type * as Context from "effect4/Context"
import * as Effect from "effect4/Effect"
import type * as Exit from "effect4/Exit"
import type * as Fiber from "effect4/Fiber"
import { inTurn } from "./inTurn.ts"

export interface Runtime<in R> {
  readonly context: Context.Context<R>
  readonly uninterruptible: boolean
}

/** Effect 4 has no such reference: a fiber does not know whether another one was interrupted. */
export const deleteFiberRef = <R>(runtime: Runtime<R>, _ref: undefined): Runtime<R> => runtime
export const disableRuntimeFlag = <R>(runtime: Runtime<R>, _flag: "Interruption"): Runtime<R> => ({
  ...runtime,
  uninterruptible: true
})

export const runFork =
  <R>({ context, uninterruptible }: Runtime<R>) =>
  <A, E>(effect: Effect.Effect<A, E, R>, options?: { readonly immediate?: boolean }): Fiber.Fiber<A, E> =>
    Effect.runForkWith(context)(options?.immediate === false ? inTurn(effect) : effect, { uninterruptible })
export const runPromiseExit = <R>({ context }: Runtime<R>) =>
<A, E>(
  effect: Effect.Effect<A, E, R>,
  options?: { readonly signal?: AbortSignal } | undefined
): Promise<Exit.Exit<A, E>> => Effect.runPromiseExitWith(context)(effect, options)
