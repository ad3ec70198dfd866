/**
 * The one place that holds the state of a session.
 */
import * as Effect from "effect/Effect"
import * as MutableRef from "effect/MutableRef"
import * as SessionState from "../core/mcp/SessionState.ts"

/**
 * The state of a session, and the clock that its times are of.
 *
 * It is read and changed without an effect: `fetch` and the members of an `OAuthClientProvider` have to answer at once.
 */
export interface SessionCell {
  readonly get: () => SessionState.SessionState
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: () => number
  /** Changes the state by a transition of `SessionState`, in one step. */
  readonly update: (
    transition: (state: SessionState.SessionState, now: number) => SessionState.SessionState
  ) => void
}

/** A state in which nothing is known yet, with the clock of the caller. */
export const make: Effect.Effect<SessionCell> = Effect.map(Effect.clock, (clock) => {
  const ref = MutableRef.make(SessionState.initial)
  const now = () => clock.unsafeCurrentTimeMillis()
  return {
    get: () => MutableRef.get(ref),
    now,
    update: (transition) => void MutableRef.update(ref, (state) => transition(state, now()))
  }
})
