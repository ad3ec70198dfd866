/**
 * The error of an option that cannot be used.
 */
import * as Data from "effect/Data"
import type { TaggedErrorClass } from "./TaggedError.ts"

/**
 * The fields of {@link InvalidOptions}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const InvalidOptionsBase: TaggedErrorClass<"InvalidOptions", {
  /** The option, such as `callback.timeout`; `options` is all of them. */
  option: string
  /** What is wrong with it. Never its value where that may be a secret. */
  detail: string
}> = Data.TaggedError("InvalidOptions")

/**
 * An option cannot be used: there is no such option, or it is of another type than the one it is declared with, or out of its
 * range.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidOptions extends InvalidOptionsBase {
  /** What happened, then what to do. */
  override get message(): string {
    return this.option === "options"
      ? `Cannot use the options: ${this.detail}`
      : `Cannot use the option ${this.option}: ${this.detail}`
  }
}
