/**
 * Text that was written elsewhere and is shown to people.
 */
import * as Schema from "effect/Schema"
import { printable, printableUrl } from "../core/text/SafeText.ts"

/** Of these are texts in arbitrary values: letters of several scripts, and what escapes them in JSON, in URLs and on screens. */
const letters = [...'abcXYZ019 -_./:?#&=%"\\äß日本😀']

const cleaned = (clean: (text: string) => string): Schema.Schema<string> =>
  Schema.transform(
    Schema.String,
    Schema.String.annotations({
      arbitrary: () => (fc) =>
        fc.array(fc.constantFrom(...letters), { maxLength: 40 }).map((all) => clean(all.join("")))
    }),
    { strict: true, decode: clean, encode: clean }
  )

/**
 * One line of printable text, at most so many letters long. What came over a wire need not have been written by this package,
 * so it is made printable once more.
 */
export const text = (limit: number): Schema.Schema<string> => cleaned((given) => printable(given, limit))

/** An http(s) URL that can be shown as a link, or `undefined`. */
export const link: Schema.Schema<string | undefined, string | undefined> = Schema.transform(
  Schema.UndefinedOr(Schema.String),
  Schema.UndefinedOr(Schema.String).annotations({
    arbitrary: () => (fc) => fc.option(fc.webUrl().map((url) => new URL(url).href), { nil: undefined })
  }),
  {
    strict: true,
    decode: (given) => given === undefined ? undefined : printableUrl(given),
    encode: (given) => given === undefined ? undefined : printableUrl(given)
  }
)
