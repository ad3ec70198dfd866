/**
 * Turns what a terminal or a pipe sends into lines and keys. It reads and writes nothing itself.
 */
import { maxPasteLength } from "../paste/PasteLength.ts"

/** Signals that the system sends for a key in line mode; in raw mode the key itself arrives. */
export type Signal = "SIGINT" | "SIGQUIT" | "SIGTSTP"

/** What a piece of input was decoded to. */
export interface Decoded {
  readonly lines: ReadonlyArray<string>
  /**
   * The key at which decoding stopped. `Enter` ends a line that has a paste in it; `EOF` is ^D in an empty line, or the
   * second ^D in a row in another line.
   */
  readonly key: Signal | "Enter" | "EOF" | undefined
  /** The input after that key, not decoded. */
  readonly rest: string
}

/** A decoder, with what it remembers from one piece of input to the next. */
export interface LineDecoder {
  readonly decode: (text: string) => Decoded
  /** The line that no line break has ended yet. */
  readonly unfinished: () => string
  /** Forgets that line. */
  readonly discard: () => void
  /** Whether the terminal has said that a paste began, and not yet that it ended. */
  readonly isPasting: () => boolean
}

const ESC = "\u001b"
const keys: Readonly<Record<string, Signal>> = { "\u0003": "SIGINT", "\u001c": "SIGQUIT", "\u001a": "SIGTSTP" }

/** An escape sequence with one more character: longer, `""` when it is complete, `undefined` when the character is not part of it. */
const nextEscape = (escape: string, char: string): string | undefined => {
  const kind = escape.charAt(1)
  if (kind === "") {
    if (char === ESC) return ESC
    return "[O]PX^_".includes(char) ? ESC + char : char < " " ? undefined : ""
  }
  if (kind === "O") return ""
  if (kind !== "[") {
    // A terminal's reply to a query of the host; it ends with BEL or `ESC \`.
    if (char === "\u0007" || char === "\u009c") return ""
    return char === ESC ? ESC : char < " " || escape.length > 1024 ? undefined : escape + char
  }
  if (char < " " || escape.length > 32) return undefined
  return char < "@" ? escape + char : char === "~" && /^.\[20[01]$/.test(escape) ? escape + char : ""
}

/**
 * A decoder.
 *
 * @param isRaw - Whether the input comes from a terminal in raw mode: then keys that edit a line, keys that send a signal
 * and escape sequences are interpreted. Otherwise the text is only split into lines.
 */
export const make = (isRaw: boolean): LineDecoder => {
  // An array, so that Backspace is cheap. One character more than a paste may have is kept, to show that it is too long.
  let characters: Array<string> = []
  let escape = ""
  let isPasting = false
  let isAfterReturn = false
  let isAfterCtrlD = false
  // The terminal has marked the end of a paste, so the next line break is the person's Enter key.
  let isAfterPaste = false
  const decode = (text: string): Decoded => {
    const lines: Array<string> = []
    const escapeKey = escape === ESC
    let index = 0
    for (const char of text) {
      const isFirst = index === 0
      index += char.length
      if (escape !== "") {
        // A sequence arrives in one piece, except where a long paste is cut. Otherwise it was the Escape key.
        const next = escapeKey && isFirst && char !== "[" ? undefined : nextEscape(escape, char)
        escape = next ?? ""
        if (escape.endsWith("~")) {
          isPasting = escape.endsWith("0~")
          isAfterPaste = !isPasting
          escape = ""
        }
        if (next !== undefined) continue
      }
      if (isRaw && char === ESC) {
        escape = ESC
        continue
      }
      const isLineFeed = char === "\n" && isAfterReturn
      isAfterReturn = char === "\r"
      if (isLineFeed) continue
      if (char === "\r" || char === "\n") {
        // In a paste, an address may have been wrapped here: a paste is one block, which the person ends with Enter.
        if (isPasting) characters.push("\n")
        else lines.push(characters.splice(0).join(""))
        if (!isAfterPaste || isPasting) continue
        isAfterPaste = false
        return { lines, key: "Enter", rest: text.slice(index) }
      }
      if (!isRaw || (char >= " " && !/[\u007f-\u009f]/.test(char)) || char === "\t") {
        if (characters.length <= maxPasteLength) characters.push(char)
        isAfterCtrlD = false
        continue
      }
      // As in the system's line mode: in a line that is not empty, the second ^D is the end.
      const isEnd = char === "\u0004" && !isPasting
      const key = isEnd && (characters.length === 0 || isAfterCtrlD) ? "EOF" : keys[char]
      isAfterCtrlD = isEnd
      if (key !== undefined) return { lines, key, rest: text.slice(index) }
      if (char === "\u0015") characters = []
      else if (char === "\b" || char === "\u007f") characters.pop()
    }
    return { lines, key: undefined, rest: "" }
  }
  return {
    decode,
    unfinished: () => characters.join(""),
    discard: () => {
      characters = []
      isPasting = false
      isAfterPaste = false
    },
    isPasting: () => isPasting
  }
}
