/** Effect 4's `Duration` by the names of Effect 3. */
import * as Duration from "effect4/Duration"

export * from "effect4/Duration"

export type DurationInput = Duration.Input

export const decodeUnknown: typeof Duration.fromInput = Duration.fromInput
export const decode: typeof Duration.fromInputUnsafe = Duration.fromInputUnsafe
