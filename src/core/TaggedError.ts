/**
 * The type of the base class of every error. `isolatedDeclarations` and JSR require it: they refuse a class that extends a
 * call such as `Data.TaggedError("…")` directly.
 */
import type * as Cause from "effect/Cause"

/**
 * A constructor of yieldable errors with a tag and readonly fields.
 *
 * @since 0.1.0
 * @category errors
 */
export type TaggedErrorClass<Tag extends string, Fields extends object> = new (
  fields: { readonly [Key in keyof Fields]: Fields[Key] }
) => Cause.YieldableError & { readonly _tag: Tag } & { readonly [Key in keyof Fields]: Fields[Key] }
