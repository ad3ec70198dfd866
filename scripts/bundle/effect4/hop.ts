/**
 * Lets the rest of the turn run first, as Effect 3 does whenever something outside resumes a fiber. Effect 4 goes on at
 * once, within the call: our sources finish what they were about after `resume`, `unsafeDone` or `runFork`.
 */
import * as Effect from "effect4/Effect"

/** One microtask. */
export const hop: Effect.Effect<void> = Effect.callback((resume) => queueMicrotask(() => resume(Effect.void)))
