/** Effect 4's `Clock` by the names of Effect 3: the machine's, for nobody can give a bundle another one. */
import * as Context from "effect4/Context"
import type * as Duration from "effect4/Duration"
import * as Effect from "effect4/Effect"

export * from "effect4/Clock"

export interface Clock {
  readonly unsafeCurrentTimeMillis: () => number
  readonly unsafeCurrentTimeNanos: () => bigint
  readonly sleep: (duration: Duration.Duration) => Effect.Effect<void>
}

export const Clock: Context.Service<Clock, Clock> = /*#__PURE__*/ Context.Service<Clock>("Clock")

export const machine: Clock = {
  unsafeCurrentTimeMillis: () => Date.now(),
  // Only spans ask for it, and there are none.
  unsafeCurrentTimeNanos: () => 0n,
  sleep: Effect.sleep
}
