/**
 * A pasted text as lines of words, without what terminals, shells, mail programs and chats put around an address.
 */

// `ESC[200~` and `ESC[201~` stand around a paste; a terminal that was not asked for them leaves some of their letters.
const pasteMarker = /(?:\u001b\[|\u009b|\^\[\[|\[)20[01]~/g
// Terminal commands that hold text, such as a window title or a link (OSC). What begins one stands in no text of another:
// else a row of beginnings would be read again from each of them.
const stringEscape =
  /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u0090\u0098\u009c-\u009f\r\n]*(?:\u0007|\u001b\\|\u009c)/g
// Terminal commands for colours and for moving the cursor (CSI), and the short ones.
const controlEscape = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b[ -/]*[0-~]/g
// Controls except line breaks and the tab, characters that show nothing, and those that change the writing direction.
const invisible = /[^\P{Cc}\t\n\v\f\r\u0085]|[\p{Cf}\p{DI}]/gu
const lineBreak = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/
const boxDrawing = /[\u2500-\u257f]/g
// What a log or a JSON document of Go or Java writes for `&`, `=` and the like: `\u0026`.
const characterEscape = /\\(?:u00|x)([2-7][\da-f])/gi
// zsh puts a backslash before characters that it would expand, JSON before others; a line break may stand between.
const shellEscape = /\\(?=\s*[?&=#%;~*!()[\]{}$'"/^])/g

// Quotes and brackets that no address contains: browsers encode them, or they are not ASCII.
const delimiters = '"`<>\u2018-\u201f\u2039\u203a\u00ab\u00bb\u3001\u3002\u3008-\u3011\uff01\uff09\uff0c\uff1b'
const delimiter = new RegExp(`[${delimiters}]`)
const wordPattern = new RegExp(`[^\\s${delimiters}]+`, "g")

/** A run of characters that an address may contain. */
export interface Word {
  readonly text: string
  /** The delimiter that directly precedes it, or "". */
  readonly before: string
  /** The delimiter that directly follows it, or "". */
  readonly after: string
}

/** One line of a pasted text. */
export interface Line {
  readonly text: string
  readonly words: ReadonlyArray<Word>
  /** Whether a quote or a bracket stands in it that no address contains. */
  readonly hasDelimiter: boolean
}

const wordsOf = (line: string): ReadonlyArray<Word> => {
  const delimiterAt = (index: number): string => {
    const char = line.charAt(index)
    return delimiter.test(char) ? char : ""
  }
  return Array.from(line.matchAll(wordPattern), ({ 0: text, index }) => ({
    text,
    before: delimiterAt(index - 1),
    after: delimiterAt(index + text.length)
  }))
}

/** The lines of a text, as a person sees them. An empty line stands where the terminal marked the end of a paste. */
export const linesOf = (text: string): ReadonlyArray<Line> =>
  text
    .replace(pasteMarker, "\n\n")
    .replace(stringEscape, "")
    .replace(controlEscape, "")
    .replace(invisible, "")
    .replace(boxDrawing, " ")
    .replace(characterEscape, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(shellEscape, "")
    .split(lineBreak)
    .map((line) => ({ text: line, words: wordsOf(line), hasDelimiter: delimiter.test(line) }))

/**
 * The text once, where it was pasted two or three times in a row: the terminal does not show what is pasted, so a person
 * may well paste again.
 */
export const withoutRepetition = (text: string): string => {
  const trimmed = text.trim()
  for (const times of [2, 3]) {
    const once = trimmed.slice(0, trimmed.length / times)
    if (once.length > 16 && once.repeat(times) === trimmed) return once
  }
  return text
}
