/**
 * Lays out blocks of text for a terminal, or for a file.
 */

/** What the terminal, or the file, can show. */
export interface Style {
  /** Width in columns at which prose is wrapped; `undefined` wraps nothing. */
  readonly columns: number | undefined
  /** Whether bold type may be used. */
  readonly bold: boolean
  /** Whether links can be clicked (OSC 8). */
  readonly links: boolean
}

/** The style for a file or a pipe. */
export const plain: Style = { columns: undefined, bold: false, links: false }

/** A paragraph; or a command or a link, which is copied as a whole and therefore never wrapped here. */
export type Block =
  | { readonly _tag: "Heading" | "Text"; readonly text: string }
  | { readonly _tag: "Command"; readonly text: string }
  | { readonly _tag: "Link"; readonly url: string; readonly id: string }

// Characters that take two columns, and marks that take none. An approximation: terminals differ.
const twoColumns =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u
const noColumn = /[\p{Mn}\p{Me}\u200b-\u200f]/u

/** How many columns a text takes. */
export const widthOf = (text: string): number => {
  let width = 0
  for (const char of text) width += twoColumns.test(char) ? 2 : noColumn.test(char) ? 0 : 1
  return width
}

/** Prose is wrapped at this width on wider terminals: longer lines are hard to read. */
const maxColumns = 100

const wrapLine = (text: string, columns: number): ReadonlyArray<string> => {
  // One less: some terminals begin a new line after a character in the last column.
  const limit = Math.min(columns, maxColumns) - 1
  const lines: Array<string> = []
  let line = ""
  let width = 0
  for (const word of text.split(" ")) {
    const wordWidth = widthOf(word)
    if (line !== "" && width + 1 + wordWidth > limit) {
      lines.push(line)
      line = word
      width = wordWidth
    } else {
      width += wordWidth + (line === "" ? 0 : 1)
      line = line === "" ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}

/** Wraps text between words. A word longer than a line stands alone, and the terminal breaks it. */
export const wrap = (text: string, columns: number | undefined): ReadonlyArray<string> =>
  columns === undefined ? [text] : text.split("\n").flatMap((paragraph) => wrapLine(paragraph, columns))

/** A link by OSC 8. The `id` joins the lines into which the terminal breaks it to one link. */
const link = (url: string, id: string): string => `\u001b]8;id=${id};${url}\u001b\\${url}\u001b]8;;\u001b\\`

const render = (block: Block, { bold, columns, links }: Style): string => {
  switch (block._tag) {
    case "Heading":
      return wrap(block.text, columns).map((line) => bold ? `\u001b[1m${line}\u001b[22m` : line).join("\n")
    case "Text":
      return wrap(block.text, columns).join("\n")
    case "Command":
      return block.text
    case "Link":
      return links ? link(block.url, block.id) : block.url
  }
}

/** The blocks below each other, with a blank line between them. Each line ends in a line feed. */
export const layOut = (blocks: ReadonlyArray<Block>, style: Style): string =>
  blocks
    .filter((block) => block._tag === "Link" || block.text !== "")
    .map((block) => `${render(block, style)}\n`)
    .join("\n")
