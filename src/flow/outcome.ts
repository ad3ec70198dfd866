/**
 * What the end of a sign-in means to those who wait for it: the browser's page, and the person at the terminal.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { AuthorizationDenied, AuthorizationTimeout, InvalidResponse } from "../core/oauth/FlowError.ts"
import type { Outcome } from "../core/page/CallbackPage.ts"
import type { SignInOutcome } from "../core/terminal/Texts.ts"

/** How far the sign-in came. From the exchange on, errors are the caller's own. */
export type Phase = "response" | "exchange"

const errorOf = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isSuccess(exit) ? undefined : Option.getOrUndefined(Cause.failureOption(exit.cause))

const wasInterrupted = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)

/** The caller's words on its own error. They never throw: the page must be answered whatever the function does. */
const describedBy = (describe: ((error: never) => string) | undefined, error: unknown): string | undefined => {
  if (describe === undefined || error === undefined || error instanceof AuthorizationTimeout) return undefined
  try {
    return String(describe(error as never))
  } catch {
    return undefined
  }
}

/** What the page of the browser says. */
export const pageOutcome = (
  exit: Exit.Exit<unknown, unknown>,
  phase: Phase,
  describe?: ((error: never) => string) | undefined
): Outcome => {
  if (Exit.isSuccess(exit)) return { _tag: phase === "exchange" ? "SignedIn" : "Received" }
  // An exchange that has begun may still end well, elsewhere: the program knows, and this flow does not.
  if (wasInterrupted(exit)) return { _tag: phase === "exchange" ? "Received" : "Closed" }
  const error = errorOf(exit)
  if (phase === "exchange") return { _tag: "Failed", reason: describedBy(describe, error) }
  if (error instanceof AuthorizationDenied) return { _tag: "Denied", error }
  if (error instanceof InvalidResponse) return { _tag: "Invalid", error }
  return { _tag: "Closed" }
}

/** What the person is told. */
export const signInOutcome = (exit: Exit.Exit<unknown, unknown>, phase: Phase): SignInOutcome => {
  if (Exit.isSuccess(exit)) return phase === "exchange" ? "SignedIn" : "Received"
  if (wasInterrupted(exit)) return "Cancelled"
  if (phase === "exchange") return "Failed"
  const error = errorOf(exit)
  if (error instanceof AuthorizationDenied) return "Denied"
  if (error instanceof InvalidResponse) return "Invalid"
  return error instanceof AuthorizationTimeout ? "TimedOut" : "Failed"
}
