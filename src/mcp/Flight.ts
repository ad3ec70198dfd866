/**
 * Single flight: while something runs, whoever wants it waits for that same run.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as Runtime from "effect/Runtime"
import * as RuntimeFlags from "effect/RuntimeFlags"

/** Something that runs, for all who wait for it. */
export interface Running<Kind, E> {
  readonly kind: Kind
  /**
   * Waits for it, and fails as it fails. `false` when it was ended from here: whoever waited looks again.
   *
   * The last waiter to leave early ends the run, unless somebody joined with `keep`: an aborted request does not end a
   * sign-in that a person is in the middle of.
   */
  readonly join: (options: { readonly keep: boolean }) => Effect.Effect<boolean, E>
}

/** At most one run at a time. */
export interface Flight<Kind, E> {
  readonly running: () => Running<Kind, E> | undefined
  /**
   * Starts a run in a fiber of its own, or takes the one that runs, and joins it. A run ends by itself, by its last waiter,
   * or by `interrupt`.
   */
  readonly start: (
    kind: Kind,
    effect: Effect.Effect<void, E>,
    options: { readonly keep: boolean }
  ) => Effect.Effect<boolean, E>
  /** Ends the run, if there is one, and runs this in its place: nothing comes between. It joins one of its own kind. */
  readonly supersede: Flight<Kind, E>["start"]
  /** Interrupts the run, if there is one, and waits until it has released everything. */
  readonly interrupt: Effect.Effect<void>
}

interface Current<Kind, E> {
  readonly run: Running<Kind, E>
  readonly fiber: Fiber.RuntimeFiber<void, E>
  /** Interrupted from here, and by nothing of its own. */
  ended: boolean
}

interface Done<E> {
  readonly exit: Exit.Exit<void, E>
  readonly ended: boolean
}

type Fork = ReturnType<typeof Runtime.runFork<never>>

/**
 * Starts fibers as whoever runs this would, but with no part in its interruption; they are uninterruptible until they say
 * otherwise, so that one that is ended before its first step still says so.
 */
const fork: Effect.Effect<Fork> = Effect.map(Effect.runtime<never>(), (runtime) =>
  Runtime.runFork(
    Runtime.disableRuntimeFlag(Runtime.deleteFiberRef(runtime, FiberRef.interruptedCause), RuntimeFlags.Interruption)
  ))

/** A flight with nothing running. Its runs see what whoever starts them sees (logger, tracer), and have no parent. */
export const make = <Kind, E>(): Flight<Kind, E> => {
  let current: Current<Kind, E> | undefined
  const joining = (started: () => Current<Kind, E>, done: Deferred.Deferred<Done<E>>, kind: Kind): Running<Kind, E> => {
    let waiting = 0
    let kept = false
    return {
      kind,
      join: ({ keep }) =>
        Effect.acquireUseRelease(
          Effect.sync(() => {
            waiting++
            kept ||= keep
          }),
          () => Effect.interruptible(Deferred.await(done)),
          () =>
            Effect.suspend(() => {
              waiting--
              if (waiting > 0 || kept || current !== started()) return Effect.void
              current.ended = true
              const { fiber } = current
              // What it holds is released when the last one is gone; but nobody waits for what must not be cut short.
              return Effect.zipRight(
                Fiber.interruptFork(fiber),
                Effect.timeoutOption(Effect.interruptible(Fiber.await(fiber)), "1 second")
              )
            })
        ).pipe(
          Effect.flatMap(({ ended, exit }) =>
            Exit.isSuccess(exit)
              ? Effect.succeed(true)
              : ended && Cause.isInterruptedOnly(exit.cause)
              ? Effect.succeed(false)
              : Effect.failCause(exit.cause)
          )
        )
    }
  }
  /** In one turn: a run that nobody knows of could be neither joined nor ended. */
  const begin = (
    runFork: Fork,
    kind: Kind,
    effect: Effect.Effect<void, E>,
    before?: Current<Kind, E>
  ): Running<Kind, E> => {
    const done = Deferred.unsafeMake<Done<E>>(FiberId.none)
    const run = joining(() => started, done, kind)
    // What it supersedes is ended also when it is ended itself before its first step: nobody else knows of that one.
    const body = Effect.onExit(Effect.zipRight(end(before), Effect.interruptible(effect)), (exit) => {
      if (current === started) current = undefined
      return Deferred.succeed(done, { ended: started.ended, exit })
    })
    const started: Current<Kind, E> = { run, fiber: runFork(body, { immediate: false }), ended: false }
    current = started
    return run
  }
  const end = (running: Current<Kind, E> | undefined): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (running === undefined) return Effect.void
      running.ended = true
      return Effect.asVoid(Fiber.interrupt(running.fiber))
    })
  return {
    running: () => current?.run,
    start: (kind, effect, options) =>
      Effect.uninterruptible(
        Effect.flatMap(fork, (runFork) => (current?.run ?? begin(runFork, kind, effect)).join(options))
      ),
    supersede: (kind, effect, options) =>
      Effect.uninterruptible(Effect.flatMap(fork, (runFork) => {
        const before = current
        const run = before?.run.kind === kind ? before.run : begin(runFork, kind, effect, before)
        return run.join(options)
      })),
    interrupt: Effect.suspend(() => end(current))
  }
}
