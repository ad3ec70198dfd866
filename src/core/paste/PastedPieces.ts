/**
 * The addresses in a pasted text, and the other text between them.
 */
import * as PastedAddress from "./PastedAddress.ts"
import { type Line, linesOf, type Word } from "./PastedLines.ts"

/** Text without an address. */
export interface OtherText {
  readonly _tag: "OtherText"
  /** Whether it is a single word, perhaps wrapped over lines: then it may be a code. */
  readonly isOneWord: boolean
  readonly lastLine: number
  /** Its word, or the first one of several. */
  readonly text: string
}

/** A part of a pasted text. */
export type Piece = PastedAddress.PastedAddress | OtherText

/** The pieces of a text, in order, and whether there are sentences among them. */
export interface Pieces {
  readonly pieces: ReadonlyArray<Piece>
  readonly isProse: boolean
}

// Words beside an address that are not a sentence: a full stop at the end of the address then belongs to the address.
const command = /^[\s$%#*<>]*(?:curl|wget|get|head|post|location:|url:)(?:\s|$)/i

/** The addresses in a word. A word holds several when quotes or brackets separate them. */
const addressesIn = (line: number, word: Word, next: Word | undefined) => {
  const addresses: Array<PastedAddress.PastedAddress> = []
  let rest = word.text
  for (let start = PastedAddress.startOf(rest); start >= 0; start = PastedAddress.startOf(rest)) {
    const begun = PastedAddress.begin(rest, start, { line, word, next })
    addresses.push(begun.address)
    rest = begun.rest
  }
  return addresses
}

/** Adds a line without an address. A word that was wrapped over lines becomes one piece again. */
const addOtherText = (pieces: Array<Piece>, line: number, first: Word, { words }: Line): void => {
  const last = pieces.at(-1)
  const isOneWord = words.length === 1
  if (isOneWord && last?._tag === "OtherText" && last.isOneWord && last.lastLine === line - 1) {
    pieces[pieces.length - 1] = { ...last, text: last.text + first.text, lastLine: line }
  } else pieces.push({ _tag: "OtherText", isOneWord, lastLine: line, text: first.text })
}

/** Splits a text. Takes time linear in its length. */
export const piecesOf = (text: string): Pieces => {
  const pieces: Array<Piece> = []
  let isProse = false
  let isCommand = false
  /** The last piece, while it is an address that may go on in the next line. */
  let open: PastedAddress.PastedAddress | undefined
  for (const [number, line] of linesOf(text).entries()) {
    const [first, second] = line.words
    if (first === undefined) {
      // Mail programs put blank lines between the parts of an address, so one ends only an address that is complete.
      if (line.hasDelimiter || (open !== undefined && PastedAddress.isComplete(open))) open = undefined
      continue
    }
    const continued = open && PastedAddress.continueWith(open, first, second)
    isCommand = command.test(line.text) || (continued !== undefined && isCommand)
    if (continued !== undefined) pieces[pieces.length - 1] = continued
    const words = continued === undefined ? line.words : line.words.slice(1)
    open = words.length === 0 && continued?.isBounded === false ? continued : undefined
    let hasAddress = continued !== undefined
    for (const [index, word] of words.entries()) {
      const next = words[index + 1]
      const addresses = addressesIn(number, word, next)
      const last = addresses.at(-1)
      if (last !== undefined) {
        pieces.push(...addresses)
        hasAddress = true
        open = next === undefined && !last.isBounded ? last : undefined
      } else if (!isCommand) isProse = true
    }
    if (!hasAddress) addOtherText(pieces, number, first, line)
  }
  return { pieces, isProse }
}
