/** Effect 4's `Effect` by the names of Effect 3. */
import * as Clock from "effect4/Clock"
import * as Context from "effect4/Context"
import type * as Duration from "effect4/Duration"
import * as Effect from "effect4/Effect"
import * as Fiber from "effect4/Fiber"
import type * as Scope from "effect4/Scope"
import * as Semaphore_ from "effect4/Semaphore"
import * as Tracer from "effect4/Tracer"
import { liveServices } from "./DefaultServices.ts"
import * as Either from "./Either.ts"
import { hop } from "./hop.ts"
import type { Runtime } from "./Runtime.ts"

export * from "effect4/Effect"

type Of<A, E = never, R = never> = Effect.Effect<A, E, R>

class Current {
  readonly #fiber: Fiber.Fiber<unknown, unknown>
  readonly currentTracer: Tracer.Tracer = Context.get(liveServices, Tracer.Tracer)
  readonly currentDefaultServices: typeof liveServices = liveServices
  constructor(fiber: Fiber.Fiber<unknown, unknown>) {
    this.#fiber = fiber
  }
  get currentContext(): Context.Context<never> {
    return this.#fiber.context
  }
  get _children(): unknown {
    return (this.#fiber as { readonly _children?: unknown })._children
  }
  getFiberRef<A>(ref: A): A {
    return ref
  }
  getFiberRefs(): undefined {}
}

export type Semaphore = Semaphore_.Semaphore

export const async = <A, E = never, R = never>(
  register: (resume: (effect: Of<A, E, R>) => void) => void | Of<unknown, never, R>
): Of<A, E, R> =>
  Effect.callback<A, E, R>((resume) => {
    let isRegistering = true
    const cleanup = register((effect) => isRegistering ? resume(effect) : queueMicrotask(() => resume(effect)))
    isRegistering = false
    return cleanup === undefined ? undefined : Effect.asVoid(cleanup)
  })

export const catchAll: typeof Effect.catch = Effect.catch
export const catchAllCause: typeof Effect.catchCause = Effect.catchCause
export const clock: Of<{ readonly unsafeCurrentTimeMillis: () => number }> = Clock.clockWith((clock) =>
  Effect.succeed({ unsafeCurrentTimeMillis: () => clock.currentTimeMillisUnsafe() })
)
export const dieMessage = (message: string): Of<never> => Effect.suspend(() => Effect.die(new Error(message)))
export const either = <A, E, R>(self: Of<A, E, R>): Of<Either.Either<A, E>, never, R> =>
  Effect.match(self, { onFailure: (error) => Either.left(error), onSuccess: (value) => Either.right(value) })
export const orElse = <A, E, R, A2, E2, R2>(self: Of<A, E, R>, that: () => Of<A2, E2, R2>): Of<A | A2, E2, R | R2> =>
  Effect.catch(self, () => that())
export const runtime = <R>(): Of<Runtime<R>, never, R> =>
  Effect.map(Effect.context<R>(), (context) => ({ context, uninterruptible: false }))
export const tapErrorCause: typeof Effect.tapCause = Effect.tapCause
export const timeoutFail = <A, E, R, E2>(
  self: Of<A, E, R>,
  { duration, onTimeout }: { readonly duration: Duration.Input; readonly onTimeout: () => E2 }
): Of<A, E | E2, R> => Effect.timeoutOrElse(self, { duration, orElse: () => Effect.fail(onTimeout()) })
export const unsafeMakeSemaphore = (permits: number): Semaphore => Semaphore_.makeUnsafe(permits)
/** Of the fiber there is what our sources ask it for. */
export const withFiberRuntime = <A, E = never, R = never>(
  use: (fiber: Current, status: { readonly runtimeFlags: undefined }) => Of<A, E, R>
): Of<A, E, R> => Effect.withFiber((fiber) => use(new Current(fiber), { runtimeFlags: undefined }))
/** Not a macrotask: whoever was to go on first has been waiting in a microtask. */
export const yieldNow = (): Of<void> => hop
export const zipLeft = <A, E, R, A2, E2, R2>(self: Of<A, E, R>, that: Of<A2, E2, R2>): Of<A, E | E2, R | R2> =>
  Effect.tap(self, that)
export const zipRight = <A, E, R, A2, E2, R2>(self: Of<A, E, R>, that: Of<A2, E2, R2>): Of<A2, E | E2, R | R2> =>
  Effect.andThen(self, that)

// A fiber of Effect 3 starts out as interruptible as the one that forks it, and after what that one does next. By itself
// Effect 4 would start it in a macrotask.
const forking = { startImmediately: true, uninterruptible: "inherit" } as const
export const fork = <A, E, R>(self: Of<A, E, R>): Of<Fiber.Fiber<A, E>, never, R> =>
  Effect.forkChild(Effect.andThen(hop, self), forking)
export const forkDaemon = <A, E, R>(self: Of<A, E, R>): Of<Fiber.Fiber<A, E>, never, R> =>
  Effect.forkDetach(Effect.andThen(hop, self), forking)
export const forkIn = <A, E, R>(self: Of<A, E, R>, scope: Scope.Scope): Of<Fiber.Fiber<A, E>, never, R> =>
  Effect.forkIn(Effect.andThen(hop, self), scope, forking)
/** An interrupt does not wait for its end. */
export const disconnect = <A, E, R>(self: Of<A, E, R>): Of<A, E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      forkDaemon(restore(self)),
      (fiber) => Effect.onInterrupt(restore(Fiber.join(fiber)), () => Effect.sync(() => fiber.interruptUnsafe()))
    )
  )

// Nobody can give a bundle a tracer, or a logger: what would be told to none is not said.
const nothing: Of<void> = /*#__PURE__*/ Effect.void
export const logDebug = (_message: string): Of<void> => nothing
export const withSpan = (_name: string, _options?: object) => <A, E, R>(self: Of<A, E, R>): Of<A, E, R> => self
export const withParentSpan = <A, E, R>(self: Of<A, E, R>, _span: Tracer.AnySpan): Of<A, E, R> => self
const noSpan = { traceId: "", spanId: "", end: () => {} } as unknown as Tracer.Span
export const makeSpan = (_name: string, _options?: object): Of<Tracer.Span> => Effect.succeed(noSpan)
