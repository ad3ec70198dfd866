/**
 * What a flow runs in, as far as it changes what is worth doing: whether anybody keeps spans or Debug logs, and whether
 * the clock is the machine's own.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as LogLevel from "effect/LogLevel"
import * as Runtime from "effect/Runtime"
import * as RuntimeFlags from "effect/RuntimeFlags"
import * as Tracer from "effect/Tracer"

type WithFiber = Parameters<typeof Effect.withFiberRuntime<unknown, unknown, unknown>>[0]

/** The fiber that runs a step of a flow. */
export type Current = Parameters<WithFiber>[0]

/** How it runs. */
export type Status = Parameters<WithFiber>[1]

const ownTracer = Context.get(DefaultServices.liveServices, Tracer.Tracer)
const ownClock = Context.get(DefaultServices.liveServices, Clock.Clock)

/** Whether spans go anywhere. Effect's own tracer forgets them as soon as they have ended. */
export const hasTracer = ({ currentTracer }: Current): boolean => currentTracer !== ownTracer

/** Whether the log takes Debug. */
export const logsDebug = (fiber: Current): boolean =>
  LogLevel.lessThanEqual(fiber.getFiberRef(FiberRef.currentMinimumLogLevel), LogLevel.Debug)

/** The time as the program has it: a test's may stand still. */
export const clockOf = ({ currentDefaultServices }: Current): Clock.Clock =>
  Context.get(currentDefaultServices, Clock.Clock)

/** Whether a clock goes with the machine's timers. */
export const isOwnClock = (clock: Clock.Clock): boolean => clock === ownClock

/** Runs fibers as the current one would, interruptible wherever it is. */
export const runtimeOf = (fiber: Current, { runtimeFlags }: Status): Runtime.Runtime<never> =>
  Runtime.make({
    context: fiber.currentContext,
    runtimeFlags: RuntimeFlags.enable(runtimeFlags, RuntimeFlags.Interruption),
    fiberRefs: fiber.getFiberRefs()
  })

// The longest that a timer can be set for; Effect's clock takes what is longer for ever.
const maxTimerMillis = 2 ** 31 - 1

/** Calls back after some milliseconds of the machine's clock; the result takes that back. */
export const byTimer = (millis: number, run: () => void): () => void => {
  if (millis > maxTimerMillis) return () => {}
  const timer = setTimeout(run, millis)
  return () => clearTimeout(timer)
}

/** Calls back after some milliseconds of the program's clock; the result takes that back. */
export type Delay = typeof byTimer

/** How to wait in the time of a fiber. */
export const delayOf = (fiber: Current, status: Status): Delay => {
  const clock = clockOf(fiber)
  if (isOwnClock(clock)) return byTimer
  const runtime = runtimeOf(fiber, status)
  return (millis, run) => {
    const sleeping = Runtime.runFork(runtime)(Effect.map(clock.sleep(Duration.millis(millis)), run))
    return () => Effect.runSync(Fiber.interruptAsFork(sleeping, FiberId.none))
  }
}
