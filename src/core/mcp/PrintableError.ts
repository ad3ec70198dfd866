/**
 * The base of errors about what a server did: whoever makes one, every text in it is printable and short.
 */
import * as Data from "effect/Data"
import type { TaggedErrorClass } from "../TaggedError.ts"
import { printable } from "../text/SafeText.ts"

/** The most letters of a field by its name; URLs and issuers have 2,048. */
const limits: Readonly<Record<string, number>> = {
  code: 100,
  error: 100,
  description: 500,
  detail: 500,
  found: 200,
  scope: 8192
}

/** Fields that say why, where that is known: absent otherwise, so that an error that is shown has no empty ones. */
const reasons: ReadonlyArray<string> = ["cause", "code", "isWebPage", "retryAfter"]

const printableFields = <Fields extends object>(fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => value !== undefined || !reasons.includes(name)).map((
      [name, value]
    ) => typeof value === "string" ? [name, printable(value, limits[name] ?? 2048)] : [name, value])
  ) as Fields

/** An HTTP status is the code, where nothing else is. */
const withCode = (fields: { readonly code?: unknown; readonly status?: unknown }): object =>
  fields.code === undefined && typeof fields.status === "number" ? { ...fields, code: String(fields.status) } : fields

/** The base class of an error whose fields are printable, and whose `code` is the HTTP status where it has no other. */
export const printableError = <Tag extends string, Fields extends object>(tag: Tag): TaggedErrorClass<Tag, Fields> => {
  const Base = Data.TaggedError(tag) as unknown as new (fields: object) => Error
  return class extends Base {
    constructor(fields: object) {
      super(withCode(printableFields(fields)))
    }
  } as unknown as TaggedErrorClass<Tag, Fields>
}
