/**
 * The first of several effects to end, by success, failure or interruption.
 */
import * as Effect from "effect/Effect"

/**
 * Runs effects side by side and ends as the first of them ends: with its value, its failure or its interruption. The
 * others are interrupted, and have released what they held before this returns.
 *
 * Not `Effect.race`, `raceFirst`, or `all` and `forEach` with concurrency: in Effect 3.22 each of them can hang
 * when it is interrupted between making its fibers and starting them.
 */
export const firstOf = <A, E, R>(effects: ReadonlyArray<Effect.Effect<A, E, R>>): Effect.Effect<A, E, R> =>
  // As exits: `raceAll` waits for the first success, and an exit is always one. Effect then logs no failed fiber either,
  // whose error may hold a URL with its `state`.
  Effect.flatten(Effect.raceAll(effects.map(Effect.exit)))
