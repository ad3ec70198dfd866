/** Effect 4's `Fiber` by the names of Effect 3. */
import * as Effect from "effect4/Effect"
import type * as Exit from "effect4/Exit"
import type * as Fiber from "effect4/Fiber"
import * as Option from "effect4/Option"

export * from "effect4/Fiber"

export type RuntimeFiber<A, E = never> = Fiber.Fiber<A, E>

export const interruptAsFork = (self: Fiber.Fiber<unknown, unknown>, id: number | undefined): Effect.Effect<void> =>
  Effect.sync(() => self.interruptUnsafe(id))
export const poll = <A, E>(self: Fiber.Fiber<A, E>): Effect.Effect<Option.Option<Exit.Exit<A, E>>> =>
  Effect.sync(() => Option.fromUndefinedOr(self.pollUnsafe()))
