/**
 * The caller's exchange of the code, within its time and within the flow, and what the waiting page is told of it.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import type { Outcome } from "../core/page/CallbackPage.ts"
import { AuthorizationTimeout } from "../core/oauth/FlowError.ts"
import type { Delay } from "./Ambient.ts"
import type { ExchangeRequest, Granted } from "./authorize.ts"
import type { FlowChannels } from "./FlowChannels.ts"

type Ending<E> = Effect.Effect<never, E>

/**
 * Runs an effect until it ends or is ended; what it has acquired is released by then. To be run where nothing interrupts:
 * the effect can be.
 *
 * Effect's own races and timeouts hang for ever when they are interrupted between the making of their fibers and the
 * start of these.
 *
 * @param onStart - Is given what ends it, for the first reason only; the result is called when it is over.
 */
const runUntil = <A, E, R, E2>(
  effect: Effect.Effect<A, E, R>,
  onStart: (end: (ending: Ending<E2>) => void) => () => void
): Effect.Effect<A, E | E2, R> =>
  // As an exit: of a fiber that fails Effect itself logs the cause, and a caller's error may hold the code.
  Effect.flatMap(Effect.fork(Effect.exit(Effect.interruptible(effect))), (fiber) => {
    let ended: Ending<E2> | undefined
    const forget = onStart((ending) => {
      if (ended !== undefined) return
      ended = ending
      Effect.runSync(Fiber.interruptAsFork(fiber, FiberId.none))
    })
    const leave = (exit: Exit.Exit<A, E>): Effect.Effect<A, E | E2> => {
      forget()
      return ended ?? exit
    }
    return Effect.matchCauseEffect(Effect.interruptible(Fiber.join(fiber)), {
      onSuccess: leave,
      // Of an interrupt of this one the other does not know yet.
      onFailure: (cause) => Effect.flatMap(Fiber.interrupt(fiber), () => leave(Exit.failCause(cause)))
    })
  })

const outcomeOf = <A, E>(exit: Exit.Exit<A, E>, describe: (error: E) => string | undefined): Outcome => {
  if (Exit.isSuccess(exit)) return { _tag: "SignedIn" }
  if (Cause.isInterruptedOnly(exit.cause)) return { _tag: "Closed" }
  return { _tag: "Failed", reason: Option.getOrUndefined(Option.map(Cause.failureOption(exit.cause), describe)) }
}

/** Runs the caller's exchange and tells the waiting page how it went; to be run where nothing interrupts. */
export const exchangeCode = <A, E, R>(
  { pending, refusals }: Pick<FlowChannels, "pending" | "refusals">,
  granted: Granted,
  request: ExchangeRequest<A, E, R>,
  delay: Delay
): Effect.Effect<A, E | AuthorizationTimeout, R> => {
  const { describe, exchange, exchangeTimeout = "30 seconds" } = request
  let late: AuthorizationTimeout | undefined
  const reason = (error: E | AuthorizationTimeout): string | undefined => {
    if (error === late || describe === undefined) return undefined
    try {
      return String(describe(error as E))
    } catch {
      return undefined // The page must be answered whatever the caller's function does.
    }
  }
  const settle = (exit: Exit.Exit<A, E | AuthorizationTimeout>): Effect.Effect<A, E | AuthorizationTimeout> => {
    pending.settle(outcomeOf(exit, reason))
    return exit
  }
  const exchanged = Effect.suspend(() => {
    // Before anything begins: a duration that is none is a defect.
    const millis = Duration.toMillis(exchangeTimeout)
    return runUntil<A, E, R, AuthorizationTimeout>(Effect.suspend(() => exchange(granted)), (end) => {
      const stop = delay(millis, () => {
        late = new AuthorizationTimeout({ phase: "exchange", millis, refusals: refusals.counts() })
        end(Effect.fail(late))
      })
      const forget = pending.onClose(() => end(Effect.interrupt))
      return () => {
        stop()
        forget()
      }
    })
  })
  return Effect.matchCauseEffect(exchanged, {
    onSuccess: (value) => settle(Exit.succeed(value)),
    onFailure: (cause) => settle(Exit.failCause(cause))
  })
}
