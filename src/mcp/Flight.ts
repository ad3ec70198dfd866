/**
 * Single flight: while something runs, whoever wants it waits for that same run.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"

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

/** A flight with nothing running. */
export const make = <Kind, E>(): Flight<Kind, E> => {
  let current: Current<Kind, E> | undefined
  const joining = (done: Deferred.Deferred<Done<E>>, kind: Kind): Running<Kind, E> => {
    let waiting = 0
    let kept = false
    const run: Running<Kind, E> = {
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
              if (waiting > 0 || kept || current?.run !== run) return Effect.void
              current.ended = true
              return Fiber.interruptFork(current.fiber)
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
    return run
  }
  return {
    running: () => current?.run,
    start: (kind, effect, options) =>
      // As one step: a run that nobody knows of could be neither joined nor ended.
      Effect.uninterruptible(Effect.flatMap(Effect.runtime<never>(), (runtime) => {
        if (current !== undefined) return current.run.join(options)
        const done = Deferred.unsafeMake<Done<E>>(FiberId.none)
        const run = joining(done, kind)
        const body = Effect.onExit(Effect.interruptible(effect), (exit) => {
          const ended = started.ended
          current = undefined
          return Deferred.succeed(done, { ended, exit })
        })
        const started: Current<Kind, E> = {
          run,
          fiber: Runtime.runFork(runtime)(body, { immediate: false }),
          ended: false
        }
        current = started
        return run.join(options)
      })),
    interrupt: Effect.suspend(() => {
      if (current === undefined) return Effect.void
      current.ended = true
      return Effect.asVoid(Fiber.interrupt(current.fiber))
    })
  }
}
