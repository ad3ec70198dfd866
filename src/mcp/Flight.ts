/**
 * Single flight: several callers that want the same thing at the same time share one run of it.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { SessionBudget } from "../core/ReleaseBudget.ts"
import { atMost } from "../effect/atMost.ts"

/** How a caller waits for a run. */
export interface JoinOptions {
  /** `true`: the run goes on when this caller is interrupted, also when no other waits for it. */
  readonly keep: boolean
}

/** Something that runs, for all who wait for it. */
export interface Running<Kind, E> {
  readonly kind: Kind
  /**
   * Waits for the run, and fails as it fails. `true`: it succeeded. `false`: it was interrupted, by its last caller or by
   * the flight, so the caller decides again.
   *
   * When the last caller that waits is interrupted, so is the run, unless one joined with `keep`: an aborted request must
   * not end a sign-in that a person is in the middle of.
   */
  readonly join: (options: JoinOptions) => Effect.Effect<boolean, E>
}

/** At most one run at a time. */
export interface Flight<Kind, E> {
  readonly running: () => Running<Kind, E> | undefined
  /** Joins the run there is, of any kind, or else starts this one in a daemon fiber and joins it. */
  readonly start: (
    kind: Kind,
    effect: Effect.Effect<void, E>,
    options: JoinOptions
  ) => Effect.Effect<boolean, E>
  /** Joins the run there is if it is of this kind. Else interrupts it, and starts this one when it has ended. */
  readonly supersede: Flight<Kind, E>["start"]
  /** Interrupts the run, if there is one, and waits until it has released everything. */
  readonly interrupt: Effect.Effect<void>
}

/** How a run ended. */
interface Ended<E> {
  readonly exit: Exit.Exit<void, E>
  readonly isStopped: boolean
}

interface Run<Kind, E> extends Running<Kind, E> {
  /** Known one step after the run is: forking takes a step. */
  readonly fiber: Deferred.Deferred<Fiber.RuntimeFiber<void>>
  readonly ended: Deferred.Deferred<Ended<E>>
  waiters: number
  isKept: boolean
  /** Whether the flight, or its last caller, interrupted it. */
  isStopped: boolean
}

/** For how many milliseconds a caller that leaves waits for the end of its run, which may not be interruptible. */
const patienceMillis = SessionBudget.running

/** A flight with nothing running. */
export const make = <Kind, E>(): Flight<Kind, E> => {
  // Read and written within one step of a fiber each time, so that no other fiber comes between.
  let current: Run<Kind, E> | undefined

  /** Interrupts a run, and waits until it has ended. */
  const stop = (run: Run<Kind, E> | undefined): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (run === undefined) return Effect.void
      run.isStopped = true
      return Effect.asVoid(Effect.flatMap(Deferred.await(run.fiber), Fiber.interrupt))
    })

  const leave = (run: Run<Kind, E>): Effect.Effect<void> =>
    Effect.suspend(() => {
      run.waiters--
      if (run.waiters > 0 || run.isKept || run.isStopped || current !== run) return Effect.void
      return atMost(patienceMillis, stop(run))
    })

  const join = (run: Run<Kind, E>, { keep }: JoinOptions): Effect.Effect<boolean, E> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        run.waiters++
        run.isKept ||= keep
      }),
      () => Effect.interruptible(Deferred.await(run.ended)),
      () => leave(run)
    ).pipe(Effect.flatMap(({ exit, isStopped }) => {
      if (Exit.isSuccess(exit)) return Effect.succeed(true)
      return isStopped && Cause.isInterruptedOnly(exit.cause) ? Effect.succeed(false) : Effect.failCause(exit.cause)
    }))

  const makeRun = (kind: Kind): Effect.Effect<Run<Kind, E>> =>
    Effect.gen(function* () {
      const run: Run<Kind, E> = {
        kind,
        join: (options) => join(run, options),
        fiber: yield* Deferred.make<Fiber.RuntimeFiber<void>>(),
        ended: yield* Deferred.make<Ended<E>>(),
        waiters: 0,
        isKept: false,
        isStopped: false
      }
      return run
    })

  /** Forks a run. Its fiber is uninterruptible but for `effect`, so that it says how it ended even if it never began. */
  const fork = (run: Run<Kind, E>, before: Run<Kind, E> | undefined, effect: Effect.Effect<void, E>) =>
    // As an exit: Effect logs a fiber that fails.
    Effect.exit(Effect.zipRight(stop(before), Effect.interruptible(effect))).pipe(
      Effect.flatMap((exit) => {
        if (current === run) current = undefined
        return Effect.asVoid(Deferred.succeed(run.ended, { exit, isStopped: run.isStopped }))
      }),
      Effect.forkDaemon,
      Effect.flatMap((fiber) => Deferred.succeed(run.fiber, fiber))
    )

  const startUnless = (isJoined: (running: Run<Kind, E>, kind: Kind) => boolean): Flight<Kind, E>["start"] =>
  (
    kind,
    effect,
    options
  ) =>
    Effect.uninterruptible(Effect.flatMap(makeRun(kind), (run) => {
      const before = current
      if (before !== undefined && isJoined(before, kind)) return join(before, options)
      current = run
      return Effect.zipRight(fork(run, before, effect), join(run, options))
    }))

  return {
    running: () => current,
    start: startUnless(() => true),
    supersede: startUnless((running, kind) => running.kind === kind),
    interrupt: Effect.suspend(() => stop(current))
  }
}
