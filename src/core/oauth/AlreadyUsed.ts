/**
 * A mistake in the program that signs in.
 */
import * as Data from "effect/Data"
import type { TaggedErrorClass } from "../TaggedError.ts"

const AlreadyUsedBase: TaggedErrorClass<"AlreadyUsed", Record<never, never>> = Data.TaggedError("AlreadyUsed")

/** `authorize` was called twice on one flow. A defect; tagged for those who see it as a rejected promise. */
export class AlreadyUsed extends AlreadyUsedBase {
  /** What happened, then what to do. */
  override get message(): string {
    return "Cannot authorize twice with one flow. Open a new flow for another sign-in"
  }
}
