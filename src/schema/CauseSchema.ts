/**
 * What lies behind an error, as it crosses: names, messages and codes, and nothing else.
 */
import * as Schema from "effect/Schema"
import * as ThrownValue from "../core/mcp/ThrownValue.ts"
import { text } from "./PrintableText.ts"

/**
 * One error of a chain of causes, as it crosses.
 *
 * @since 0.1.0
 * @category models
 */
export interface EncodedCause {
  /** Of the error, such as `TypeError`. */
  readonly name: string
  /** Without secrets. */
  readonly message: string
  /** A name of the system, of TLS or of a library, such as `ECONNREFUSED`. */
  readonly code?: string | undefined
}

const part = Schema.Struct({
  name: text(100),
  message: text(500),
  code: Schema.optional(Schema.String.pipe(Schema.pattern(/^[A-Z][A-Za-z0-9_]{2,63}$/)))
})

/**
 * The `cause` of an error. It is encoded as its name, message and code and those of its own causes, nearest first, eight at
 * most; tokens, passwords, headers and queries of URLs are cut out of the messages, at both ends. Decoded, it is an `Error`
 * with these, and `cause` leads on to the next.
 */
export const causeSchema: Schema.Schema<unknown, ReadonlyArray<EncodedCause>> = Schema.transform(
  Schema.Array(part).pipe(Schema.maxItems(8)),
  Schema.Unknown.annotations({
    arbitrary: () => (fc) =>
      fc.array(fc.record({ name: fc.constantFrom("Error", "TypeError"), message: fc.string() }), {
        minLength: 1,
        maxLength: 3
      }).map((made) => ThrownValue.toCause(ThrownValue.parts(ThrownValue.toCause(made))))
  }),
  {
    strict: true,
    // Whoever sent it need not be this package, so secrets are cut out here too.
    decode: (parts) =>
      parts.length === 0 ? undefined : ThrownValue.toCause(ThrownValue.parts(ThrownValue.toCause(parts))),
    encode: (thrown) =>
      ThrownValue.parts(thrown).map(({ code, message, name }) => ({
        name,
        message,
        ...(code !== undefined && { code })
      }))
  }
)
