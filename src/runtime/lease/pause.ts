/** Waits as long as a heartbeat takes, by the machine's clock: a test's clock stamps no files. */
import type * as Effect from "effect/Effect"
import { heartbeatInterval } from "../../core/lease/Verdict.ts"
import { machineSleep } from "../../effect/machineClock.ts"

export const pause: Effect.Effect<void> = machineSleep(heartbeatInterval)
