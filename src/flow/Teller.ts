/**
 * Tells a presenter one thing after another, and waits for it nowhere: what a presenter does, fails with, or hangs in, is
 * no matter of a sign-in.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"
import type { Notice, Presenter } from "../services/Presenter.ts"

/** The notices of one flow, in order. */
export interface Teller {
  readonly tell: (notice: Notice) => void
  /**
   * Waits until all is told and `last` has run, for a fifth of a second at most: what takes longer goes on without
   * anybody. What is told later is lost.
   */
  readonly finish: (last?: Effect.Effect<void>) => Effect.Effect<void>
}

// The runtime's own timer: a test's clock may stand still.
const finishMillis = 200

/** Does what a presenter asks for. It never fails; and no cause is logged, for it may hold the URL, and so `state`. */
export const careless = <A>(what: string, effect: () => Effect.Effect<A, never>): Effect.Effect<void> =>
  Effect.catchAllCause(Effect.suspend(effect), () => Effect.logDebug(`The presenter could not ${what}`)).pipe(
    Effect.asVoid
  )

/** A teller without a fiber; it has one while there is something to tell. */
export const make = (presenter: Presenter, runtime: Runtime.Runtime<never>): Teller => {
  const waiting: Array<Effect.Effect<void>> = []
  let fiber: Fiber.RuntimeFiber<void> | undefined
  let isTelling = false
  let hasFinished = false
  const drain: Effect.Effect<void> = Effect.suspend(() => {
    const next = waiting.shift()
    if (next !== undefined) return Effect.zipRight(next, drain)
    isTelling = false
    return Effect.void
  })
  const add = (effect: Effect.Effect<void>) => {
    if (hasFinished) return
    waiting.push(effect)
    if (isTelling) return
    isTelling = true
    fiber = Runtime.runFork(runtime)(Effect.interruptible(drain))
  }
  return {
    tell: (notice) => add(careless(`tell of ${notice._tag}`, () => presenter.notice(notice))),
    finish: (last) =>
      Effect.async((resume) => {
        if (last !== undefined) add(last)
        hasFinished = true
        const running = fiber
        if (running === undefined || !isTelling) return resume(Effect.void)
        const timer = setTimeout(() => {
          Effect.runSync(Fiber.interruptAsFork(running, FiberId.none))
          // What a notice held up.
          for (const left of waiting.splice(0).slice(-1)) Runtime.runFork(runtime)(left)
          resume(Effect.void)
        }, finishMillis)
        running.addObserver(() => {
          clearTimeout(timer)
          resume(Effect.void)
        })
      })
  }
}

/** Tells one thing that is no flow's, and waits for it as long as `finish` does. */
export const tellOnce = (presenter: Presenter, notice: Notice): Effect.Effect<void> =>
  Effect.flatMap(Effect.runtime<never>(), (runtime) => {
    const { finish, tell } = make(presenter, runtime)
    tell(notice)
    return finish()
  })
