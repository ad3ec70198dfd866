/**
 * How an error of this package becomes plain data, and an instance of its class again.
 */
import * as Arbitrary from "effect/Arbitrary"
import type * as Cause from "effect/Cause"
import * as Schema from "effect/Schema"
import { causeSchema, type EncodedCause } from "./CauseSchema.ts"
import { quotingNothing } from "./quotingNothing.ts"
import type { FieldsFor, Same } from "./structOf.ts"

/**
 * An error with a tag.
 *
 * @since 0.1.0
 * @category models
 */
export type TaggedInstance = Error & { readonly _tag: string }

/**
 * The fields that a class of errors has beside those of every error.
 *
 * @since 0.1.0
 * @category models
 */
export type FieldsOf<E extends TaggedInstance> = {
  readonly [Name in keyof E as Exclude<Name, keyof Cause.YieldableError | "_tag">]: E[Name]
}

/**
 * An error as plain data, for JSON and `structuredClone`. Its message is not sent: the class makes it of the fields.
 *
 * @since 0.1.0
 * @category models
 */
export type EncodedError<E extends TaggedInstance> = E extends TaggedInstance ?
    & FieldsOf<E>
    & {
      readonly _tag: E["_tag"]
      /** The error behind it, then the one behind that. Secrets are cut out, and there is no stack. */
      readonly cause?: ReadonlyArray<EncodedCause> | undefined
    }
  : never

/**
 * A codec of one class of errors. Decoding gives an instance of the class, with its message and all its fields; its `stack`
 * is that of the decoding. What was written by servers is made printable and short once more, and secrets are cut out of its
 * causes once more. A `ParseError` quotes nothing of what is refused; in `Schema.NullOr`, `Schema.optional` or a union the other
 * member does, so give the union a `message` annotation with `override`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ErrorCodec<E extends TaggedInstance> extends Schema.Schema<E, EncodedError<E>> {}

/**
 * The codec of a class.
 *
 * @param fields A schema for each field of the class beside `cause`: one that is missing, or of another type, does not
 * compile.
 */
export const make = <E extends TaggedInstance, Fields extends FieldsFor<FieldsOf<E>>>(
  Class: new (fields: never) => E,
  tag: E["_tag"],
  fields: Fields & Same<Schema.Struct.Type<Fields>, FieldsOf<E>>
): ErrorCodec<E> => {
  const names = [...Object.keys(fields), "cause"]
  const data = Schema.Struct({ _tag: Schema.Literal(tag), ...fields, cause: Schema.optional(causeSchema) })
  const instance = ({ _tag, ...given }: { readonly [name: string]: unknown }) => new Class(given as never)
  return Schema.transform(
    data as unknown as Schema.Schema<Readonly<Record<string, unknown>>, EncodedError<E>>,
    Schema.declare((value): value is E => value instanceof Class, {
      ...quotingNothing(tag),
      description: `An instance of ${tag}`,
      arbitrary: () => (fc) =>
        Arbitrary.makeLazy(Schema.typeSchema(data) as unknown as Schema.Schema<Readonly<Record<string, unknown>>>)(fc)
          .map(instance)
    }),
    {
      strict: true,
      decode: instance,
      // What is `undefined` is left out: JSON has no such value.
      encode: (error) => {
        const given = names.map((name) =>
          [name, (error as unknown as Readonly<Record<string, unknown>>)[name]] as const
        )
        return { _tag: tag, ...Object.fromEntries(given.filter(([, value]) => value !== undefined)) }
      }
    }
  ).annotations({ ...quotingNothing(tag), identifier: `${tag}Encoded` })
}
