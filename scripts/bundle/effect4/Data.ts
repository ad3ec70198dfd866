/** Effect 4's `Data` by the names of Effect 3. */
import type * as Cause from "effect4/Cause"
import * as Data from "effect4/Data"

/** Effect 4 has Node show an error as its fields alone; an error that nobody caught would come without its message. */
export const TaggedError = <Tag extends string>(
  tag: Tag
): new <A extends object>(fields: A) => Cause.YieldableError & { readonly _tag: Tag } & Readonly<A> => {
  const Class = Data.TaggedError(tag)
  Object.defineProperty(Class.prototype, Symbol.for("nodejs.util.inspect.custom"), { value: undefined })
  return Class as never
}
