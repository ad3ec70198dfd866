/**
 * What is counted of flows. The names and labels are in .github/OBSERVABILITY.md, and may be relied on.
 */
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import type { RefusalReason } from "../core/oauth/RefusalReason.ts"
import type { SignInOutcome } from "../core/terminal/Texts.ts"
import * as LabelledCounter from "./LabelledCounter.ts"

/** How a sign-in ended, as it is counted. */
export type Outcome = "granted" | "denied" | "invalid_response" | "timed_out" | "failed" | "cancelled"

const outcomes: Readonly<Record<SignInOutcome, Outcome>> = {
  SignedIn: "granted",
  Received: "granted",
  Denied: "denied",
  Invalid: "invalid_response",
  TimedOut: "timed_out",
  Failed: "failed",
  Cancelled: "cancelled"
}

const signIns = LabelledCounter.make<{ readonly outcome: Outcome; readonly via: "http" | "paste" | "none" }>(
  "oauth_callback_sign_ins",
  "Sign-ins of a person that have ended"
)

const refusals: LabelledCounter.LabelledCounter<{
  readonly reason: RefusalReason
  readonly via: "http" | "paste"
}> = LabelledCounter.make(
  "oauth_callback_refusals",
  "Requests and pasted texts that were not the answer to a sign-in"
)

/** Counts the end of a sign-in. @param via - Which way the answer came; `none` where none came. */
export const signInEnded = (outcome: SignInOutcome, via: "http" | "paste" | "none"): Effect.Effect<void> =>
  signIns.add({ outcome: outcomes[outcome], via })

/** Counts a refused request or paste: once, however many flows hear of it. */
export const refused: typeof refusals.addNow = refusals.addNow

const duration = Metric.histogram(
  "oauth_callback_sign_in_duration_seconds",
  MetricBoundaries.fromIterable([1, 2, 5, 10, 20, 30, 60, 120, 300, 600]),
  "Seconds from the begin of `authorize` to its success"
)

/** Measures how long a sign-in takes that succeeds. */
export const timed: <A, E, R>(signIn: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = Metric.trackDurationWith(
  duration,
  Duration.toSeconds
)
