/**
 * The wait for an answer: a listener and a paste that somebody may use at any moment, a presenter that shows the way, and
 * a clock. What comes first ends it; all the others have let go before it is over.
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"
import { AuthorizationTimeout } from "../core/oauth/FlowError.ts"
import { byTimer, isOwnClock } from "./Ambient.ts"
import type { AuthorizeRequest, Flow } from "./authorize.ts"
import type { Arrival } from "./PendingResponse.ts"
import type { Telling } from "./Telling.ts"

/** What is waited for, and in what. */
export interface Wait {
  readonly flow: Flow
  readonly telling: Telling
  readonly request: Pick<AuthorizeRequest, "turn">
  readonly millis: number
  readonly clock: Clock.Clock
  /** Runs what is shown, and the sleep of a clock that is not the machine's. */
  readonly runtime: Runtime.Runtime<never>
}

type Resume = (arrival: Effect.Effect<Arrival, AuthorizationTimeout>) => void

/** Whether a fiber has forked others, which end with it. Where that cannot be seen, it may have. */
const mayHaveChildren = (fiber: object): boolean => {
  const { _children: children } = fiber as { readonly _children?: ReadonlySet<unknown> | null }
  return "_children" in fiber ? (children?.size ?? 0) > 0 : true
}

/** Lets a fiber live on for what it has forked. */
const stay: Effect.Effect<void> = Effect.withFiberRuntime((fiber) =>
  mayHaveChildren(fiber) ? Effect.async(() => {}) : Effect.void
)

/**
 * Shows the URL, runs the clock, and waits.
 *
 * Plain calls around one fiber, and that only while the URL is being shown: races of combinators would do the same with
 * seven, and each flow that waits would hold three times as much.
 */
class Race {
  readonly #wait: Wait
  // None any more, for the most of the wait.
  #fibers: Set<Fiber.RuntimeFiber<unknown>> | undefined = undefined
  // Counted before it is there: a fiber runs at once, and may be over, or have brought the answer, when it is.
  #running = 0
  #resume: Resume | undefined = undefined
  #onEnd: (() => void) | undefined = undefined
  #forget: (() => void) | undefined = undefined
  #silence: (() => void) | undefined = undefined

  constructor(wait: Wait) {
    this.#wait = wait
  }

  run(resume: Resume): void {
    const { flow, request, telling } = this.#wait
    this.#resume = resume
    this.#forget = flow.channels.pending.onArrival((arrival) => this.#first(arrival))
    if (this.#onEnd !== undefined) return
    if (request.turn !== undefined || flow.paste !== undefined) this.#start(this.#queue())
    else if (telling.shows) this.#start(this.#show(false))
    else this.#setAlarm()
  }

  /** Ends what runs, and calls back when it has let go; a second call only waits. */
  stop(then: () => void): void {
    this.#forget?.()
    this.#silence?.()
    this.#onEnd = then
    if (this.#running === 0) return then()
    for (const fiber of Array.from(this.#fibers ?? [])) this.#interrupt(fiber)
  }

  #first(arrival: Effect.Effect<Arrival, AuthorizationTimeout>): void {
    if (this.#onEnd === undefined) this.stop(() => this.#resume?.(arrival))
  }

  #interrupt(fiber: Fiber.RuntimeFiber<unknown>): void {
    Effect.runSync(Fiber.interruptAsFork(fiber, FiberId.none))
  }

  #start(effect: Effect.Effect<unknown>): void {
    this.#running++
    // As an exit: of a fiber that fails Effect itself logs the cause, and a host's error may hold the URL.
    const fiber = Runtime.runFork(this.#wait.runtime)(Effect.exit(effect))
    ;(this.#fibers ??= new Set()).add(fiber)
    fiber.addObserver((exit) => {
      this.#fibers?.delete(fiber)
      if (--this.#running === 0) this.#fibers = undefined
      const ended = Exit.isSuccess(exit) ? exit.value : exit
      if (Exit.isFailure(ended)) this.#first(Effect.failCause(ended.cause))
      if (this.#running === 0) this.#onEnd?.()
    })
    if (this.#onEnd !== undefined) this.#interrupt(fiber)
  }

  #queue(): Effect.Effect<void> {
    return Effect.gen(function* (this: Race) {
      const { flow: { paste }, request: { turn }, telling } = this.#wait
      // Asked once the reader is held: only then is it known whether anything can be typed.
      const canPaste = paste !== undefined && (yield* paste.available)
      if (turn !== undefined) yield* telling.queue(turn, canPaste)
      yield* this.#show(canPaste)
    }.bind(this))
  }

  /** The time runs while the URL is being shown, too. */
  #show(canPaste: boolean): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#setAlarm()
      const deadline = this.#wait.clock.unsafeCurrentTimeMillis() + this.#wait.millis
      return Effect.zipRight(this.#wait.telling.show(deadline, canPaste), stay)
    })
  }

  #setAlarm(): void {
    // The answer may have come while the fiber that shows the URL was on its way here.
    if (this.#onEnd !== undefined) return
    const { clock, flow, millis } = this.#wait
    const ring = () => {
      const refusals = flow.channels.refusals.counts()
      this.#first(new AuthorizationTimeout({ phase: "response", millis, refusals }))
    }
    if (isOwnClock(clock)) this.#silence = byTimer(millis, ring)
    // Whatever else a clock is, its sleep is an effect.
    else this.#start(Effect.map(clock.sleep(Duration.millis(millis)), ring))
  }
}

/** How it goes on from there. */
export interface Next<A, E, R> {
  readonly onArrival: (arrival: Arrival) => Effect.Effect<A, E, R>
  readonly onFailure: (cause: Cause.Cause<AuthorizationTimeout>) => Effect.Effect<A, E, R>
}

/**
 * Waits for the response; run where nothing interrupts, and only the wait itself can be. An answer that came before this
 * call is used at once: there is nothing left to show.
 */
export const waitForResponse = <A, E, R>(
  wait: Wait,
  { onArrival, onFailure }: Next<A, E, R>
): Effect.Effect<A, E, R> => {
  const { channels, paste } = wait.flow
  if (channels.pending.isOver()) {
    return Effect.matchCauseEffect(Effect.interruptible(channels.pending.arrival), { onSuccess: onArrival, onFailure })
  }
  channels.tellRefusals((refusal) => wait.telling.refused(refusal))
  const race = (letGo: Effect.Effect<void> | undefined) => {
    const race = new Race(wait)
    const stopped = Effect.async<void>((resume) => race.stop(() => resume(Effect.void)))
    // The one frame that waits with it: `onInterrupt`, `onExit` and the like are three each.
    return Effect.matchCauseEffect(
      Effect.interruptible(Effect.async<Arrival, AuthorizationTimeout>((resume) => race.run(resume))),
      {
        onSuccess: (arrival) =>
          letGo === undefined
            ? onArrival(arrival)
            : Effect.matchCauseEffect(letGo, { onSuccess: () => onArrival(arrival), onFailure }),
        onFailure: (cause) =>
          Effect.matchCauseEffect(letGo === undefined ? stopped : Effect.zipRight(stopped, letGo), {
            onSuccess: () => onFailure(cause),
            onFailure: (later) => onFailure(Cause.sequential(cause, later))
          })
      }
    )
  }
  // The reader comes last: no text may be read before somebody can say what was wrong with it.
  return paste === undefined ? race(undefined) : Effect.matchCauseEffect(paste.hold, { onSuccess: race, onFailure })
}
