/**
 * The error that stands for one without a tag.
 */
import * as Data from "effect/Data"
import type { TaggedErrorClass } from "./TaggedError.ts"

const UnexpectedErrorBase: TaggedErrorClass<"UnexpectedError", {
  /** What was thrown. */
  cause: unknown
}> = Data.TaggedError("UnexpectedError")

/**
 * Something was thrown that has no tag: by a mistake in this package, or by what a program handed it. See `cause`.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnexpectedError extends UnexpectedErrorBase {
  /** What happened, then what to do. It quotes nothing, because nobody knows what `cause` holds. */
  override get message(): string {
    return "Something failed that should not: see `cause`, check what was passed, and report it if that is right"
  }
}

const isTagged = (error: unknown): boolean =>
  error instanceof Error && "_tag" in error && typeof error._tag === "string"

/** An error that has a tag: itself, or one that stands for it. */
export const tagged = (error: unknown): unknown => isTagged(error) ? error : new UnexpectedError({ cause: error })
