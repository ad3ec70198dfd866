/**
 * What a flow runs in, as far as it changes what is worth doing: whether anybody keeps spans or Debug logs, and whether
 * the clock is the machine's own.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as LogLevel from "effect/LogLevel"
import type * as Runtime from "effect/Runtime"
import * as Tracer from "effect/Tracer"

const servicesOf = ({ fiberRefs }: Runtime.Runtime<never>) =>
  FiberRefs.getOrDefault(fiberRefs, DefaultServices.currentServices)

const ownTracer = Context.get(DefaultServices.liveServices, Tracer.Tracer)
const ownClock = Context.get(DefaultServices.liveServices, Clock.Clock)

/** Whether spans go anywhere. Effect's own tracer forgets them as soon as they have ended. */
export const hasTracer = (runtime: Runtime.Runtime<never>): boolean =>
  Context.get(servicesOf(runtime), Tracer.Tracer) !== ownTracer

/** Whether the log takes Debug. */
export const logsDebug = ({ fiberRefs }: Runtime.Runtime<never>): boolean =>
  LogLevel.lessThanEqual(FiberRefs.getOrDefault(fiberRefs, FiberRef.currentMinimumLogLevel), LogLevel.Debug)

/** The time as the program has it: a test's may stand still. */
export const clockOf = (runtime: Runtime.Runtime<never>): Clock.Clock => Context.get(servicesOf(runtime), Clock.Clock)

/** Whether a clock goes with the machine's timers. */
export const isOwnClock = (clock: Clock.Clock): boolean => clock === ownClock
