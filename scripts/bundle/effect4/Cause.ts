/** Effect 4's `Cause` by the names of Effect 3. */
import * as Cause from "effect4/Cause"
import type * as Option from "effect4/Option"

export * from "effect4/Cause"

export const failureOption: <E>(self: Cause.Cause<E>) => Option.Option<E> = Cause.findErrorOption
/** Effect 4 makes no proxies of errors. */
export const originalError = <E>(error: E): E => error
export const isInterrupted: <E>(self: Cause.Cause<E>) => boolean = Cause.hasInterrupts
export const isInterruptedOnly: <E>(self: Cause.Cause<E>) => self is Cause.Cause<never> = Cause
  .hasInterruptsOnly as never
