/** Effect 4's `Data` by the names of Effect 3. */
import type * as Cause from "effect4/Cause"
import * as Data from "effect4/Data"

type Fields = Readonly<Record<string, unknown>>

/**
 * Error classes that Node shows with their message and stack: Effect 4 has it show the fields alone. `message` becomes a
 * property of its own, because `structuredClone` and some engines' stacks leave a getter out.
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
