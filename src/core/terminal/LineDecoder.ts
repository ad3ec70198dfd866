/**
 * Makes lines of what a terminal or a pipe sends. It reads and writes nothing.
 */
import { maxPasteLength } from "../paste/PasteLength.ts"

/** Keys of a raw terminal that the system would make a signal of. */
export type Signal = "SIGINT" | "SIGQUIT" | "SIGTSTP"

/** What a piece of input came to. */
export interface Decoded {
  readonly lines: ReadonlyArray<string>
  /** The key at which decoding stopped; `Enter` is the one that ends a line with a paste in it, `EOF` is ^D in an empty line, or the second one in another. */
  readonly key: Signal | "Enter" | "EOF" | undefined
  /** What follows that key, as it came. */
  readonly rest: string
}

/** The state between two pieces of input. */
export interface LineDecoder {
  readonly decode: (text: string) => Decoded
  /** The line that no line break has ended yet. */
  readonly unfinished: () => string
  readonly discard: () => void
  /** Whether the terminal has said that a paste began, and not yet that it ended. */
  readonly isPasting: () => boolean
}

const ESC = "\u001b"
const keys: Readonly<Record<string, Signal>> = { "\u0003": "SIGINT", "\u001c": "SIGQUIT", "\u001a": "SIGTSTP" }

/** How an escape sequence stands after a further letter: longer, `""` when it is over, or `undefined` when it broke off. */
const nextEscape = (escape: string, char: string): string | undefined => {
  const kind = escape.charAt(1)
  if (kind === "") {
    if (char === ESC) return ESC
    return "[O]PX^_".includes(char) ? ESC + char : char < " " ? undefined : ""
  }
  if (kind === "O") return ""
  if (kind !== "[") {
    // A terminal's answer to a question of the host: up to BEL or `ESC \`.
    if (char === "\u0007" || char === "\u009c") return ""
    return char === ESC ? ESC : char < " " || escape.length > 1024 ? undefined : escape + char
  }
  if (char < " " || escape.length > 32) return undefined
  return char < "@" ? escape + char : char === "~" && /^.\[20[01]$/.test(escape) ? escape + char : ""
}

/** A decoder of a pipe's input as it is, or of a raw terminal's by what its keys mean. */
export const make = (isRaw: boolean): LineDecoder => {
  // Letters, so that taking one back is cheap. One more than may be is kept of a line: so the reader of it knows.
  let letters: Array<string> = []
  let escape = ""
  let isPasting = false
  let afterReturn = false
  let afterEnd = false
  // The terminal has said where a paste ends, so the Enter behind it is the person's.
  let afterPaste = false
  const decode = (text: string): Decoded => {
    const lines: Array<string> = []
    const escapeKey = escape === ESC
    let index = 0
    for (const char of text) {
      const isFirst = index === 0
      index += char.length
      if (escape !== "") {
        // Sequences come in one piece, but that a long paste is cut somewhere. Else it was the Escape key alone.
        const next = escapeKey && isFirst && char !== "[" ? undefined : nextEscape(escape, char)
        escape = next ?? ""
        if (escape.endsWith("~")) {
          isPasting = escape.endsWith("0~")
          afterPaste = !isPasting
          escape = ""
        }
        if (next !== undefined) continue
      }
      if (isRaw && char === ESC) {
        escape = ESC
        continue
      }
      const isLineFeed = char === "\n" && afterReturn
      afterReturn = char === "\r"
      if (isLineFeed) continue
      if (char === "\r" || char === "\n") {
        // In a paste it may be where an address was wrapped: the paste is one block, which the person ends.
        if (isPasting) letters.push("\n")
        else lines.push(letters.splice(0).join(""))
        if (!afterPaste || isPasting) continue
        afterPaste = false
        return { lines, key: "Enter", rest: text.slice(index) }
      }
      if (!isRaw || (char >= " " && !/[\u007f-\u009f]/.test(char)) || char === "\t") {
        if (letters.length <= maxPasteLength) letters.push(char)
        afterEnd = false
        continue
      }
      // As in the system's line mode, a second ^D ends what has an unfinished line.
      const isEnd = char === "\u0004" && !isPasting
      const key = isEnd && (letters.length === 0 || afterEnd) ? "EOF" : keys[char]
      afterEnd = isEnd
      if (key !== undefined) return { lines, key, rest: text.slice(index) }
      if (char === "\u0015") letters = []
      else if (char === "\b" || char === "\u007f") letters.pop()
    }
    return { lines, key: undefined, rest: "" }
  }
  return {
    decode,
    unfinished: () => letters.join(""),
    discard: () => {
      letters = []
      isPasting = false
      afterPaste = false
    },
    isPasting: () => isPasting
  }
}
