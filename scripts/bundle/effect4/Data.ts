/** Effect 4's `Data` by the names of Effect 3. */
import type * as Cause from "effect4/Cause"
import * as Data from "effect4/Data"

type Fields = Readonly<Record<string, unknown>>

/**
 * Errors as any others are. Effect 4 has Node show the fields of one alone, without its message; and a message that is a
 * getter is in no clone, and with some engines in no stack.
 */
export const TaggedError = <Tag extends string>(
  tag: Tag
): new <A extends object>(fields: A) => Cause.YieldableError & { readonly _tag: Tag } & Readonly<A> => {
  class Tagged extends Data.TaggedError(tag)<Fields> {
    constructor(fields: Fields) {
      super(fields)
      const { message, stack = "" } = this
      const define = (name: string, value: string) =>
        Object.defineProperty(this, name, { value, configurable: true, writable: true })
      define("message", message)
      const from = stack.search(/^ +at |^[^\n]*@/m)
      define("stack", `${tag}: ${message}${from < 0 ? "" : `\n${stack.slice(from)}`}`)
    }
  }
  Object.defineProperty(Tagged.prototype, Symbol.for("nodejs.util.inspect.custom"), { value: undefined })
  return Tagged as never
}
