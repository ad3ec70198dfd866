/** Effect 4's `Deferred` by the names of Effect 3. */
import * as Deferred from "effect4/Deferred"
import type * as Effect from "effect4/Effect"
import { inTurn } from "./inTurn.ts"

export * from "effect4/Deferred"

export const unsafeDone = <A, E>(self: Deferred.Deferred<A, E>, effect: Effect.Effect<A, E>): void => {
  Deferred.doneUnsafe(self, inTurn(effect))
}
export const unsafeMake = <A, E = never>(_id: unknown): Deferred.Deferred<A, E> => Deferred.makeUnsafe<A, E>()
