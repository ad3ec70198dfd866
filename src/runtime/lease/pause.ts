/** Waits as long as a heartbeat takes, by the machine's clock: a test's clock stamps no files. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { heartbeatInterval } from "../../core/lease/Verdict.ts"

export const pause: Effect.Effect<void> = Effect.withClock(Effect.sleep(heartbeatInterval), Clock.make())
