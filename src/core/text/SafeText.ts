/**
 * Makes text from outside safe to print: on a terminal, in a log, in an error message.
 */

// Control characters (ESC starts a terminal command), format characters (a right-to-left override reorders the text), line
// and paragraph separators, private use characters and lone surrogates. White space is folded together with them.
const unprintable = /[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]+/gu

/**
 * One line of printable text, at most `limit` UTF-16 code units long: each run of white space, control, format or
 * separator characters becomes one space, and an ellipsis marks that text was cut off.
 */
export const printable = (text: string, limit: number): string => {
  // Cut first, so that a megabyte of text is not searched. Folded characters can make the result shorter than `limit`.
  const line = text.slice(0, limit * 2).replace(unprintable, " ").trim()
  return line.length <= limit && text.length <= limit * 2
    ? line
    : `${line.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, "")}…`
}

/**
 * An absolute http(s) URL of at most 2,048 code units, as `URL` writes it, or `undefined`: no other scheme is safe to show
 * as a link.
 */
export const printableUrl = (text: string): string | undefined => {
  if (text.length > 2048 || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return (url.protocol === "https:" || url.protocol === "http:") && url.href.length <= 2048 ? url.href : undefined
}
