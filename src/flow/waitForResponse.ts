/**
 * The wait for an answer: a listener and a paste that somebody may use at any moment, a presenter that shows the way, and
 * a clock. What comes first ends it; all the others have let go before it is over.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { AuthorizationTimeout } from "../core/FlowError.ts"
import type { Flow } from "./authorize.ts"
import type { Arrival } from "./PendingResponse.ts"
import type { Telling } from "./Telling.ts"

/**
 * Shows the URL, runs the clock, and waits.
 *
 * Plain calls around one fiber, or two while the URL is being shown: races of combinators would do the same with seven,
 * and each flow that waits would hold three times as much.
 */
const race = (
  { channels: { pending, refusals }, paste }: Flow,
  telling: Telling,
  turn: Effect.Effect<void, never, Scope.Scope> | undefined,
  timeout: Duration.Duration,
  span: Tracer.Span
): Effect.Effect<Arrival, AuthorizationTimeout> =>
  Effect.flatMap(Effect.runtime<never>(), (here) =>
    Effect.async((resume) => {
      const runtime = Runtime.provideService(here, Tracer.ParentSpan, span)
      const millis = Duration.toMillis(timeout)
      const fibers = new Set<Fiber.RuntimeFiber<unknown>>()
      // Counted before it is there: a fiber runs at once, and may be over, or have brought the answer, when it is.
      let running = 0
      let onEnd: (() => void) | undefined
      let forget = () => {}
      const interrupt = (fiber: Fiber.RuntimeFiber<unknown>) =>
        Effect.runSync(Fiber.interruptAsFork(fiber, FiberId.none))
      const start = (effect: Effect.Effect<unknown>): Fiber.RuntimeFiber<unknown> => {
        running++
        const fiber = Runtime.runFork(runtime)(effect)
        fibers.add(fiber)
        fiber.addObserver((exit) => {
          running--
          if (fibers.delete(fiber) && Exit.isFailure(exit)) first(Effect.failCause(exit.cause))
          if (running === 0) onEnd?.()
        })
        if (onEnd !== undefined) interrupt(fiber)
        return fiber
      }
      /** Ends what runs, and calls back when it has let go; a second call only waits. */
      const stop = (then: () => void) => {
        forget()
        onEnd = then
        if (running === 0) return then()
        for (const fiber of Array.from(fibers)) interrupt(fiber)
      }
      const first = (effect: Effect.Effect<Arrival, AuthorizationTimeout>) => {
        if (onEnd === undefined) stop(() => resume(effect))
      }
      const late = Effect.sync(() =>
        first(new AuthorizationTimeout({ phase: "response", millis, refusals: refusals.counts() }))
      )
      /** The time runs while the URL is being shown, too; but what is shown in one go needs no clock of its own. */
      const whileShowing = (show: Effect.Effect<unknown>): Effect.Effect<unknown> =>
        Effect.suspend(() => {
          let isShown = false
          let clock: Fiber.RuntimeFiber<unknown> | undefined
          queueMicrotask(() => {
            if (!isShown && onEnd === undefined) clock = start(Effect.zipRight(Effect.sleep(timeout), late))
          })
          return Effect.map(show, () => {
            isShown = true
            if (clock !== undefined && fibers.delete(clock)) interrupt(clock)
          })
        })
      const show = Effect.gen(function* () {
        // Asked once the reader is held: only then is it known whether anything can be typed.
        const canPaste = paste !== undefined && (yield* paste.available)
        if (turn !== undefined) yield* telling.queue(turn, canPaste)
        const deadline = (yield* Clock.currentTimeMillis) + millis
        yield* whileShowing(telling.show(deadline, canPaste))
        // This fiber keeps the time from here on: what the presenter forked lives as long as it does.
        yield* Effect.sleep(Duration.millis(deadline - (yield* Clock.currentTimeMillis)))
        yield* late
      })
      forget = pending.onArrival(first)
      if (onEnd === undefined) start(show)
      return Effect.async<void>((ended) => stop(() => ended(Effect.void)))
    }))

/** Waits for the response. An answer that came before this call is used at once: there is nothing left to show. */
export const waitForResponse = (
  flow: Flow,
  telling: Telling,
  turn: Effect.Effect<void, never, Scope.Scope> | undefined,
  timeout: Duration.Duration,
  span: Tracer.Span
): Effect.Effect<Arrival, AuthorizationTimeout> =>
  Effect.suspend(() => {
    const { channels, paste } = flow
    if (channels.pending.isOver()) return channels.pending.arrival
    channels.tellRefusals(telling.refused)
    const arms = race(flow, telling, turn, timeout, span)
    // The reader comes last: no text may be read before somebody can say what was wrong with it.
    return paste === undefined ? arms : Effect.scoped(Effect.zipRight(paste.hold, arms))
  })
