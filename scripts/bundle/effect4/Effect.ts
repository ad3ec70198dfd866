/** Effect 4's `Effect` by the names of Effect 3. */
import * as Clock from "effect4/Clock"
import * as Effect from "effect4/Effect"
import * as Fiber from "effect4/Fiber"
import * as Scheduler from "effect4/Scheduler"
import type * as Scope from "effect4/Scope"
import type * as Tracer from "effect4/Tracer"
import * as Either from "./Either.ts"
import { inTurn } from "./inTurn.ts"
import type { Runtime } from "./Runtime.ts"

export * from "effect4/Effect"

type Of<A, E = never, R = never> = Effect.Effect<A, E, R>

export const async = <A, E = never, R = never>(
  register: (resume: (effect: Of<A, E, R>) => void) => void | Of<unknown, never, R>
): Of<A, E, R> =>
  Effect.callback<A, E, R>((resume) => {
    const cleanup = register((effect) => resume(inTurn(effect)))
    return cleanup === undefined ? undefined : Effect.asVoid(cleanup)
  })

export const catchAll: typeof Effect.catch = Effect.catch
export const catchAllCause: typeof Effect.catchCause = Effect.catchCause
export const catchAllDefect: typeof Effect.catchDefect = Effect.catchDefect
/** With the method that has another name in Effect 4. */
export const clock: Of<Clock.Clock & { readonly unsafeCurrentTimeMillis: () => number }> = Clock.clockWith((clock) =>
  Effect.succeed(Object.assign(clock, { unsafeCurrentTimeMillis: () => clock.currentTimeMillisUnsafe() }))
)
export const either = <A, E, R>(self: Of<A, E, R>): Of<Either.Either<A, E>, never, R> =>
  Effect.match(self, { onFailure: (error) => Either.left(error), onSuccess: (value) => Either.right(value) })
export const orElse: typeof Effect.catch = Effect.catch
export const runtime = <R>(): Of<Runtime<R>, never, R> => Effect.map(Effect.context<R>(), (context) => ({ context }))
export const tapErrorCause: typeof Effect.tapCause = Effect.tapCause
export const yieldNow = (): Of<void> => Effect.yieldNow
// With the effect as first argument both versions take the same options.
export const withSpan = (name: string, options?: Tracer.SpanOptions) => <A, E, R>(self: Of<A, E, R>): Of<A, E, R> =>
  Effect.withSpan(self, name, options) as Of<A, E, R>
export const zipLeft: typeof Effect.tap = Effect.tap
export const zipRight: typeof Effect.andThen = Effect.andThen

// As in Effect 3, a forked fiber is uninterruptible at first where the one that forks it is. Effect 4 asks for that.
const forking = { uninterruptible: "inherit" } as const
export const fork = <A, E, R>(self: Of<A, E, R>): Of<Fiber.Fiber<A, E>, never, R> => Effect.forkChild(self, forking)
export const forkDaemon = <A, E, R>(self: Of<A, E, R>): Of<Fiber.Fiber<A, E>, never, R> =>
  Effect.forkDetach(self, forking)
export const forkIn = <A, E, R>(self: Of<A, E, R>, scope: Scope.Scope): Of<Fiber.Fiber<A, E>, never, R> =>
  Effect.forkIn(self, scope, forking)

// As in Effect 3, a fiber that yields goes on in a microtask. By itself Effect 4 takes a macrotask.
const running: Effect.RunOptions = { scheduler: /*#__PURE__*/ new Scheduler.MixedScheduler("sync") }
export const runFork = <A, E>(self: Of<A, E>): Fiber.Fiber<A, E> => Effect.runFork(self, running)
export const runPromise = <A, E>(self: Of<A, E>): Promise<A> => Effect.runPromise(self, running)

/** An interruption does not wait until the effect has ended. Effect 4 has no such function. */
export const disconnect = <A, E, R>(self: Of<A, E, R>): Of<A, E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      forkDaemon(restore(self)),
      (fiber) => Effect.onInterrupt(restore(Fiber.join(fiber)), () => Effect.sync(() => fiber.interruptUnsafe()))
    )
  )
