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
class Race {
  readonly #flow: Flow
  readonly #telling: Telling
  readonly #millis: number
  readonly #runtime: Runtime.Runtime<never>
  readonly #resume: (arrival: Effect.Effect<Arrival, AuthorizationTimeout>) => void
  readonly #fibers = new Set<Fiber.RuntimeFiber<unknown>>()
  // Counted before it is there: a fiber runs at once, and may be over, or have brought the answer, when it is.
  #running = 0
  #onEnd: (() => void) | undefined = undefined
  #forget: (() => void) | undefined = undefined

  constructor(
    flow: Flow,
    telling: Telling,
    millis: number,
    runtime: Runtime.Runtime<never>,
    resume: (arrival: Effect.Effect<Arrival, AuthorizationTimeout>) => void
  ) {
    this.#flow = flow
    this.#telling = telling
    this.#millis = millis
    this.#runtime = runtime
    this.#resume = resume
  }

  run(turn: Effect.Effect<void, never, Scope.Scope> | undefined): void {
    this.#forget = this.#flow.channels.pending.onArrival((arrival) => this.#first(arrival))
    if (this.#onEnd === undefined) this.#start(this.#show(turn))
  }

  /** Ends what runs, and calls back when it has let go; a second call only waits. */
  stop(then: () => void): void {
    this.#forget?.()
    this.#onEnd = then
    if (this.#running === 0) return then()
    for (const fiber of Array.from(this.#fibers)) this.#interrupt(fiber)
  }

  #first(arrival: Effect.Effect<Arrival, AuthorizationTimeout>): void {
    if (this.#onEnd === undefined) this.stop(() => this.#resume(arrival))
  }

  #interrupt(fiber: Fiber.RuntimeFiber<unknown>): void {
    Effect.runSync(Fiber.interruptAsFork(fiber, FiberId.none))
  }

  #start(effect: Effect.Effect<unknown>): Fiber.RuntimeFiber<unknown> {
    this.#running++
    const fiber = Runtime.runFork(this.#runtime)(effect)
    this.#fibers.add(fiber)
    fiber.addObserver((exit) => {
      this.#running--
      if (this.#fibers.delete(fiber) && Exit.isFailure(exit)) this.#first(Effect.failCause(exit.cause))
      if (this.#running === 0) this.#onEnd?.()
    })
    if (this.#onEnd !== undefined) this.#interrupt(fiber)
    return fiber
  }

  #show(turn: Effect.Effect<void, never, Scope.Scope> | undefined): Effect.Effect<void> {
    return Effect.gen(function* (this: Race) {
      const { paste } = this.#flow
      // Asked once the reader is held: only then is it known whether anything can be typed.
      const canPaste = paste !== undefined && (yield* paste.available)
      if (turn !== undefined) yield* this.#telling.queue(turn, canPaste)
      const deadline = (yield* Clock.currentTimeMillis) + this.#millis
      yield* this.#timed(this.#telling.show(deadline, canPaste))
      // This fiber keeps the time from here on: what the presenter forked lives as long as it does.
      yield* this.#clock(deadline - (yield* Clock.currentTimeMillis))
    }.bind(this))
  }

  /** The time runs while the URL is being shown, too; but what is shown in one go needs no clock of its own. */
  #timed(show: Effect.Effect<unknown>): Effect.Effect<void> {
    return Effect.suspend(() => {
      let isShown = false
      let clock: Fiber.RuntimeFiber<unknown> | undefined
      queueMicrotask(() => {
        if (!isShown && this.#onEnd === undefined) clock = this.#start(this.#clock(this.#millis))
      })
      return Effect.map(show, () => {
        isShown = true
        if (clock !== undefined && this.#fibers.delete(clock)) this.#interrupt(clock)
      })
    })
  }

  #clock(millis: number): Effect.Effect<void> {
    return Effect.map(Effect.sleep(Duration.millis(millis)), () => {
      const refusals = this.#flow.channels.refusals.counts()
      this.#first(new AuthorizationTimeout({ phase: "response", millis: this.#millis, refusals }))
    })
  }
}

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
    channels.tellRefusals((refusal) => telling.refused(refusal))
    const arms = Effect.flatMap(Effect.runtime<never>(), (runtime) =>
      Effect.async<Arrival, AuthorizationTimeout>((resume) => {
        const shown = Runtime.provideService(runtime, Tracer.ParentSpan, span)
        const race = new Race(flow, telling, Duration.toMillis(timeout), shown, resume)
        race.run(turn)
        return Effect.async<void>((ended) =>
          race.stop(() => ended(Effect.void))
        )
      }))
    // The reader comes last: no text may be read before somebody can say what was wrong with it.
    return paste === undefined ? arms : Effect.scoped(Effect.zipRight(paste.hold, arms))
  })
