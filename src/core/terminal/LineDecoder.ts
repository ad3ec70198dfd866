/**
 * Turns what a terminal or a pipe sends into lines and keys. It reads and writes nothing itself.
 */
import { maxPasteLength } from "../paste/PasteLength.ts"
import * as EscapeSequence from "./EscapeSequence.ts"

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
  /** Goes on as if the terminal had said that the paste ended: what comes next was typed. */
  readonly endPaste: () => void
}

const ESC = "\u001b"
const keys: Readonly<Record<string, Signal>> = { "\u0003": "SIGINT", "\u001c": "SIGQUIT", "\u001a": "SIGTSTP" }

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
  const setPasting = (pasting: boolean) => {
    isPasting = pasting
    isAfterPaste = !pasting
  }
  /** Takes a character that was typed or pasted, or a key that stands for one. */
  const take = (char: string, lines: Array<string>): Decoded["key"] => {
    const isLineFeed = char === "\n" && isAfterReturn
    isAfterReturn = char === "\r"
    if (isLineFeed) return undefined
    if (char === "\r" || char === "\n") {
      // In a paste, an address may have been wrapped here: a paste is one block, which the person ends with Enter.
      if (isPasting) characters.push("\n")
      else lines.push(characters.splice(0).join(""))
      if (!isAfterPaste || isPasting) return undefined
      isAfterPaste = false
      return "Enter"
    }
    if (!isRaw || (char >= " " && !/[\u007f-\u009f]/.test(char)) || char === "\t") {
      if (characters.length <= maxPasteLength) characters.push(char)
      isAfterCtrlD = false
      return undefined
    }
    // Nobody pressed it: it is text, and no address has it.
    if (isPasting) return undefined
    // As in the system's line mode: in a line that is not empty, the second ^D is the end.
    const isEnd = char === "\u0004"
    const key = isEnd && (characters.length === 0 || isAfterCtrlD) ? "EOF" : keys[char]
    isAfterCtrlD = isEnd
    if (key === undefined && char === "\u0015") characters = []
    else if (key === undefined && (char === "\b" || char === "\u007f")) characters.pop()
    return key
  }
  const decode = (text: string): Decoded => {
    const lines: Array<string> = []
    const escapeKey = escape === ESC
    let index = 0
    for (const char of text) {
      const isFirst = index === 0
      index += char.length
      let typed = char
      if (escape !== "") {
        // A sequence arrives in one piece, except where a long paste is cut. Otherwise it was the Escape key.
        const next = escapeKey && isFirst && char !== "[" ? undefined : EscapeSequence.next(escape, char)
        escape = next?.isComplete === false ? next.text : ""
        if (next !== undefined) {
          const mark = next.isComplete ? EscapeSequence.pasteMark(next.text) : undefined
          if (mark !== undefined) setPasting(mark === "begin")
          if (!next.isComplete || mark !== undefined || isPasting) continue
          typed = EscapeSequence.keyOf(next.text)
          if (typed === "") continue
        }
      }
      if (isRaw && typed === ESC) {
        escape = ESC
        continue
      }
      for (const each of typed) {
        const key = take(each, lines)
        if (key !== undefined) return { lines, key, rest: text.slice(index) }
      }
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
    isPasting: () => isPasting,
    endPaste: () => setPasting(false)
  }
}
