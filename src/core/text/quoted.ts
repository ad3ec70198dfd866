/**
 * A value that is wrong, in a message about it.
 */
import { printable } from "./SafeText.ts"

/** A text in quotes, printable and short; a number and the like as they are written; of others, what they are. It never throws. */
export const quoted = (value: unknown): string => {
  switch (typeof value) {
    case "string":
      return JSON.stringify(printable(value, 200))
    case "object":
      return value === null ? "null" : Array.isArray(value) ? "a list" : "an object"
    case "function":
      return "a function"
    case "symbol":
      return "a symbol"
    default:
      return String(value)
  }
}
