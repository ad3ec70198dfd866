/** Waits as long as a heartbeat takes, by the machine's clock: a test's clock stamps no files. */
import * as Effect from "effect/Effect"
import { heartbeatInterval } from "../../core/lease/Verdict.ts"

export const pause: Effect.Effect<void> = Effect.async((resume) => {
  const timer = setTimeout(() => resume(Effect.void), heartbeatInterval)
  return Effect.sync(() => clearTimeout(timer))
})
