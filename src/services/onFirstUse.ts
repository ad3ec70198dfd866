/**
 * What is loaded when it is first used, so that a program pays for nothing it does not use.
 */
import * as Effect from "effect/Effect"

/**
 * Loads once: a failure is tried again, and what is loaded costs no turn of the event loop any more. Whoever comes while it
 * is loaded gets the same one, though it may be made twice.
 */
export const onFirstUse = <A, E>(load: Effect.Effect<A, E>): Effect.Effect<A, E> => {
  let loaded: { readonly value: A } | undefined
  return Effect.suspend(() =>
    loaded !== undefined ? Effect.succeed(loaded.value) : Effect.map(load, (value) => (loaded ??= { value }).value)
  )
}
