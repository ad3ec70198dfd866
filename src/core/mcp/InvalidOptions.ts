/**
 * The error for an option that cannot be used.
 */
import type { TaggedErrorClass } from "../TaggedError.ts"
import { printableError } from "./PrintableError.ts"

const InvalidOptionsBase: TaggedErrorClass<"InvalidOptions", {
  /** The name of the option. */
  option: string
  /** What is wrong with it, and what to pass. */
  detail: string
}> = printableError("InvalidOptions")

/**
 * An option of `McpOAuth.make`, `connect` or `connectAll` cannot be used. Nothing was sent or opened.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidOptions extends InvalidOptionsBase {
  /** What happened, then what to do. */
  override get message(): string {
    return `Cannot use ${this.option}: ${this.detail}`
  }
}
