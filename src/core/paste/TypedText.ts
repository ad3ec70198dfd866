/**
 * What may be said of text that a person typed or pasted, and which of it is nobody else's business.
 */

/** How many characters a text has, line breaks apart: they may be where an address was wrapped. */
export const charactersIn = (text: string): number => text.length - (text.match(/[\r\n]/g)?.length ?? 0)

/** Whether a text may be an authorization response, or a part of one: no other reader should get it. */
export const holdsAnswer = (text: string): boolean =>
  /(?:^|[^a-z])(?:code|state|error)=/i.test(text.replace(/[\r\n]+/g, ""))

/** A text that was pasted twice, or three times, in a row: nothing of it is shown, so a person may well do that. */
export const withoutRepetition = (text: string): string => {
  const trimmed = text.trim()
  for (const times of [2, 3]) {
    const once = trimmed.slice(0, trimmed.length / times)
    if (once.length * times === trimmed.length && once.length > 16 && once.repeat(times) === trimmed) return once
  }
  return text
}
