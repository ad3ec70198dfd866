/**
 * Makes text from outside safe to print: on a terminal, in a log, in an error message. Free text keeps its letters,
 * whatever the language; identifiers are plain, or not taken at all.
 */

// What has no shape of its own: joiners, soft hyphens, marks of direction, variation selectors, fillers, tags (which can
// hide a sentence), and code points that are no characters. Nothing takes their place, so that a word stays one word.
// Left to the next pattern: the space of no width, which parts words, and what reorders the text around it.
const shapeless =
  /(?:(?![\u200b\u202a-\u202e\u2066-\u2069])[\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}])+/gu

// Control characters (ESC starts a terminal command), what reorders the text (a right-to-left override), other format
// characters, line and paragraph separators, and private use characters. White space is folded together with them; U+2800
// is the blank of Braille.
const unprintable = /[\s\u2800\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]+/gu

// Replaced first: with what stands between them gone, two halves could become a character that nobody looked at.
const loneSurrogates = /\p{Cs}+/gu

/**
 * One line of printable text, at most `limit` UTF-16 code units long. What has no shape is dropped; each run of white
 * space, control, reordering or separator characters becomes one space; an ellipsis marks that text was cut off.
 */
export const printable = (text: string, limit: number): string => {
  // Cut first, so that a megabyte of text is not searched. Folded characters can make the result shorter than `limit`.
  const start = text.slice(0, limit * 2)
  const line = start.replace(loneSurrogates, " ").replace(shapeless, "").replace(unprintable, " ").trim()
  return line.length <= limit && text.length <= limit * 2
    ? line
    : `${line.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, "")}…`
}

/** A text without what ends it as a sentence, so that a sentence of ours can go on. */
export const withoutStop = (text: string): string => {
  let end = text.length
  while (end > 0 && ".: \t\r\n".includes(text.charAt(end - 1))) end--
  return text.slice(0, end)
}

/** Whether a text is an identifier that can be shown and sent as it is: at most `limit` letters of printable ASCII. */
export const isPlain = (text: string, limit: number): boolean => text.length <= limit && /^[\x21-\x7e]+$/.test(text)

/**
 * An absolute http(s) URL of at most 2,048 code units, as `URL` writes it, or `undefined`: no other scheme is safe to show
 * as a link.
 */
export const printableUrl = (text: string): string | undefined => {
  if (text.length > 2048 || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return (url.protocol === "https:" || url.protocol === "http:") && url.href.length <= 2048 ? url.href : undefined
}
