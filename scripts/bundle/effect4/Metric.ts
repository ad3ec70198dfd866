/**
 * No metrics: who uses `./promise` has no Effect to read them with, so nothing is counted there, and none of Effect 4's
 * metrics is in the bundle.
 */
import * as Effect from "effect4/Effect"
import type * as Duration from "effect4/Duration"

interface Counter {
  readonly unsafeUpdate: (amount: number, labels: ReadonlyArray<unknown>) => void
}

export const counter = (_name: string, _options: object): Counter => ({ unsafeUpdate: () => {} })
export const histogram = (_name: string, _boundaries: unknown, _description: string): undefined => undefined
export const taggedWithLabels = (self: Counter, _labels: ReadonlyArray<unknown>): Counter => self
export const trackDurationWith =
  (_metric: unknown, _inUnit: (duration: Duration.Duration) => number) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => self
export const update = (_metric: Counter, _amount: number): Effect.Effect<void> => Effect.void
