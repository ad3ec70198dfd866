/** Effect 4's `Deferred` by the names of Effect 3: whoever waits goes on after the turn, not within the call. */
import * as Deferred from "effect4/Deferred"
import * as Effect from "effect4/Effect"
import { hop } from "./hop.ts"

export * from "effect4/Deferred"

export const unsafeMake = <A, E = never>(_id: unknown): Deferred.Deferred<A, E> => Deferred.makeUnsafe<A, E>()
export const succeed = <A, E>(self: Deferred.Deferred<A, E>, value: A): Effect.Effect<boolean> =>
  Effect.sync(() => Deferred.doneUnsafe(self, Effect.as(hop, value)))
