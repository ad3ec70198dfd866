/** The `Runtime` of Effect 3: a context, and whether its fibers start out uninterruptible. */
import * as Context from "effect4/Context"
import * as Effect from "effect4/Effect"
import type * as Exit from "effect4/Exit"
import type * as Fiber from "effect4/Fiber"
import { hop } from "./hop.ts"

export interface Runtime<in R> {
  readonly context: Context.Context<R>
  readonly uninterruptible: boolean
}

/** Effect 4 has no references to delete: a fiber knows of no other one's interruption. */
export const deleteFiberRef = <R>(runtime: Runtime<R>, _ref: unknown): Runtime<R> => runtime
export const disableRuntimeFlag = <R>(runtime: Runtime<R>, _flag: "Interruption"): Runtime<R> => ({
  ...runtime,
  uninterruptible: true
})
/** It has no flags but that one. */
export const make = <R>({ context }: {
  readonly context: Context.Context<R>
  readonly runtimeFlags: undefined
  readonly fiberRefs: undefined
}): Runtime<R> => ({ context, uninterruptible: false })

export const runFork =
  <R>(runtime: Runtime<R>) =>
  <A, E>(effect: Effect.Effect<A, E, R>, options?: { readonly immediate?: boolean }): Fiber.Fiber<A, E> =>
    Effect.runForkWith(runtime.context)(
      options?.immediate === false ? Effect.andThen(hop, effect) : effect,
      { uninterruptible: runtime.uninterruptible }
    )
export const runPromiseExit = <R>(runtime: Runtime<R>) =>
<A, E>(
  effect: Effect.Effect<A, E, R>,
  options?: { readonly signal?: AbortSignal } | undefined
): Promise<Exit.Exit<A, E>> => Effect.runPromiseExitWith(runtime.context)(effect, options)

/** A service more for the fibers of a runtime. */
export const provideService = <R, I, S>(runtime: Runtime<R>, tag: Context.Key<I, S>, service: S): Runtime<R | I> => ({
  ...runtime,
  context: Context.add(runtime.context, tag, service)
})
