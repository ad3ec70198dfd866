/**
 * Collects the lines that arrive together into one block of text.
 */
import { charactersIn, maxPasteLength } from "../../core/paste/PasteLength.ts"

/** Lines that have not been handed on. */
export interface BlockBuffer {
  readonly add: (line: string) => void
  readonly isEmpty: () => boolean
  /** How many characters the lines have, not counting line breaks. */
  readonly characters: () => number
  /** The lines as they came, each with its line break. */
  readonly unread: () => string
  /** Empties it, and gives the lines without the last line break. */
  readonly take: () => string
}

/** An empty buffer. */
export const make = (): BlockBuffer => {
  let lines: Array<string> = []
  let size = 0
  return {
    add: (line) => {
      // Slightly more than a paste may have is kept, and the rest is dropped: so a flood is one text that is too long.
      if (size <= maxPasteLength + 1) lines.push(line)
      size += line.length + 1
    },
    isEmpty: () => lines.length === 0,
    characters: () => lines.reduce((sum, line) => sum + charactersIn(line), 0),
    unread: () => lines.map((line) => `${line}\n`).join(""),
    take: () => {
      const text = lines.join("\n")
      lines = []
      size = 0
      return text
    }
  }
}
