/**
 * Text from outside made safe to print: on a terminal, in a log, in an error message.
 */

// Controls (an ESC starts a terminal command), format characters (a right-to-left override reorders what is read),
// line and paragraph separators, private use and lone surrogates. White space is folded with them.
const unprintable = /[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]+/gu

/**
 * One line of printable text, at most `limit` UTF-16 code units long: each run of white space, control, format or
 * separator characters becomes one space, and what was cut is marked by an ellipsis.
 */
export const printable = (text: string, limit: number): string => {
  // Cut first: a megabyte of text must not cost a megabyte of work. Runs of junk make the result shorter than asked.
  const line = text.slice(0, limit * 2).replace(unprintable, " ").trim()
  return line.length <= limit && text.length <= limit * 2
    ? line
    : `${line.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, "")}…`
}

/** An absolute http(s) URL as `URL` writes it, or `undefined`: no other scheme is safe to show as a link. */
export const printableUrl = (text: string): string | undefined => {
  if (text.length > 2048 || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return (url.protocol === "https:" || url.protocol === "http:") && url.href.length <= 2048 ? url.href : undefined
}
