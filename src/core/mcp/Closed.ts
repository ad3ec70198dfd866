/**
 * The error of what is used after it was closed.
 */
import * as Data from "effect/Data"
import type { TaggedErrorClass } from "../TaggedError.ts"

/**
 * The fields of {@link Closed}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const ClosedBase: TaggedErrorClass<"Closed", {
  /** The MCP server; absent where the flow that was closed is for no such server. */
  server?: string | undefined
}> = Data.TaggedError("Closed")

/**
 * It was used after it was closed, or closed while a caller waited.
 *
 * @since 0.1.0
 * @category errors
 */
export class Closed extends ClosedBase {
  /** What happened, then what to do. */
  override get message(): string {
    return this.server === undefined
      ? "The callback was closed while a sign-in was waiting. Open a new one to sign in"
      : `Cannot use the sign-in of ${this.server}: it was closed. Make a new McpOAuth`
  }
}
