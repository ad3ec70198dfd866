/**
 * The shape of every error class here: written out as a type, because `isolatedDeclarations` and JSR refuse a class
 * that extends a call expression.
 */
import type * as Cause from "effect/Cause"

/** A constructor of yieldable errors with a tag and readonly fields. */
export type TaggedErrorClass<Tag extends string, Fields extends object> = new (
  fields: { readonly [Key in keyof Fields]: Fields[Key] }
) => Cause.YieldableError & { readonly _tag: Tag } & { readonly [Key in keyof Fields]: Fields[Key] }
