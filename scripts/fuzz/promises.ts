/** What must hold of everything that is made from text from outside. */
import * as Redacted from "effect/Redacted"

/** @throws {Error} when it does not hold. */
export const mustHold = (holds: boolean, otherwise: string): void => {
  if (!holds) throw new Error(otherwise)
}

/** Every text in a value: a message, fields, and what they hold; secrets stay hidden. */
const textsIn = (value: unknown, seen: Set<unknown> = new Set()): ReadonlyArray<string> => {
  if (typeof value === "string") return [value]
  if (typeof value !== "object" || value === null || Redacted.isRedacted(value) || seen.has(value)) return []
  seen.add(value)
  const own = Object.entries(value).filter(([name]) => name !== "stack" && name !== "cause")
  const message = value instanceof Error ? [value.message] : []
  return [...message, ...own.flatMap(([name, each]) => [name, ...textsIn(each, seen)])]
}

/** No control, format, separator or private character, no half of a pair, and no more than 20,000 characters in all. */
export const mustBePrintable = (value: unknown): void => {
  const texts = textsIn(value)
  for (const each of texts) {
    const found = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u.exec(each)
    mustHold(found === null, `U+${found?.[0].codePointAt(0)?.toString(16)} is in ${JSON.stringify(each.slice(0, 200))}`)
  }
  const length = texts.reduce((sum, each) => sum + each.length, 0)
  mustHold(length <= 20_000, `${length} characters are in an error`)
}

/** None of the secrets is in a text of the value. */
export const mustNotContain = (value: unknown, secrets: ReadonlyArray<string>): void => {
  const found = textsIn(value).find((each) => secrets.some((secret) => each.includes(secret)))
  mustHold(found === undefined, `a secret is in ${JSON.stringify(found?.slice(0, 200))}`)
}
