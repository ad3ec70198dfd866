/**
 * A schema that is held to a type: what is added to the type has to be added to the schema, or it does not compile.
 */
import * as Schema from "effect/Schema"

/** `unknown` where two types are the same, else `never`: no value is of that type, so that the call does not compile. */
export type Same<A, B> = [object & A] extends [object & B] ? [object & B] extends [object & A] ? unknown : never : never

/** A schema for each field of a type, also for those that may be absent: without them two types would count as the same. */
export type FieldsFor<A> = { readonly [Name in keyof A]-?: Schema.Struct.Field }

/** The struct of a type. It takes the type first, because TypeScript infers all arguments of a function or none. */
export const structOf =
  <A>() => <Fields extends FieldsFor<A>>(fields: Fields & Same<Schema.Struct.Type<Fields>, A>): Schema.Struct<Fields> =>
    Schema.Struct(fields as Fields)
