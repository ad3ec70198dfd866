/**
 * Texts of any length in entries of limited length. An entry is replaced in one step and many are not, so a text is one head
 * with its first piece, and further entries with the other pieces:
 *
 *   - the head says how many pieces there are, in which of two slots, and has a digest of the whole text;
 *   - a new text is written to the slot that the present head does not use, and its head last. Whatever dies in between
 *     leaves the old text whole, or the new one;
 *   - what does not fit its digest is damaged, and never given out.
 */
import * as Either from "effect/Either"
import { parse } from "../text/JsonObject.ts"

type Slot = "a" | "b"

/** The entry that has the name of the text. */
export interface Head {
  readonly slot: Slot
  /** How many pieces there are, the first one included. */
  readonly pieces: number
  /** The digest of the whole text. */
  readonly digest: string
  readonly first: string
}

/** One change of one entry. */
export type Step =
  | { readonly set: string; readonly text: string }
  | { readonly delete: string }

const version = 1

const headOf = ({ digest, first, pieces, slot }: Head): string =>
  `${JSON.stringify({ version, pieces, slot, digest })}\n${first}`

/** What an entry says that is the head of a text; what is wrong with it where it is none. */
export const readHead = (entry: string): Either.Either<Head, "damaged" | "newer"> => {
  const end = entry.indexOf("\n")
  const fields = parse(entry.slice(0, Math.max(end, 0)))
  if (fields === undefined) return Either.left("damaged")
  const { digest, pieces, slot, version: written } = fields
  if (typeof written === "number" && written > version) return Either.left("newer")
  const isHead = written === version && (slot === "a" || slot === "b") && typeof digest === "string" &&
    typeof pieces === "number" && Number.isInteger(pieces) && pieces > 0 && pieces <= maxPieces
  return isHead ? Either.right({ slot, pieces, digest, first: entry.slice(end + 1) }) : Either.left("damaged")
}

/** Of a text of 1 MiB on Windows; so that a damaged head does not have entries looked for without end. */
const maxPieces = 2000

/** The entry of one piece of a text; `at` is 1 for the second piece, because the first one is in the head. */
export const pieceName = (name: string, slot: Slot, at: number): string => `${name}.${slot}.${at}`

const namesIn = (name: string, slot: Slot, pieces: number): ReadonlyArray<string> =>
  Array.from({ length: Math.max(pieces - 1, 0) }, (_, at) => pieceName(name, slot, at + 1))

/** The entries of the pieces after the first, in their order. */
export const pieceNames = (name: string, { pieces, slot }: Head): ReadonlyArray<string> => namesIn(name, slot, pieces)

/** The whole text; `undefined` when a piece is missing, or of another text: then the digest is another one. */
export const joined = (
  head: Head,
  pieces: ReadonlyArray<string | undefined>,
  digestOf: (text: string) => string
): string | undefined => {
  const text = head.first + pieces.join("")
  return digestOf(text) === head.digest ? text : undefined
}

/** Half a surrogate pair has no UTF-8, so none is cut apart. */
const cut = (text: string, limit: number): string => {
  const part = text.slice(0, limit)
  return part.length < text.length && /[\ud800-\udbff]$/.test(part) ? part.slice(0, -1) : part
}

const split = (text: string, limit: number, headLength: number): ReadonlyArray<string> => {
  const pieces = [cut(text, limit - headLength)]
  for (let at = pieces[0]?.length ?? 0; at < text.length;) {
    const piece = cut(text.slice(at, at + limit + 1), limit)
    pieces.push(piece)
    at += piece.length
  }
  return pieces
}

/** The least limit that has room for a head and some text. */
export const minLimit = 200

/** Deleted from the end, so that what a crash leaves begins at the first piece, and is found. */
const deletions = (name: string, slot: Slot, pieces: number): ReadonlyArray<Step> =>
  [...namesIn(name, slot, pieces)].reverse().map((each) => ({ delete: each }))

/** What a crash may have left beside a text: in which slot, and how many pieces, the first one included. */
export interface Leftovers {
  readonly a: number
  readonly b: number
}

/** A crash has left nothing. */
export const noLeftovers: Leftovers = { a: 1, b: 1 }

/**
 * The changes that replace a text, in their order: after each of them the old or the new text can be read.
 *
 * @param before - The head of the present text, where there is one.
 * @param limit - How long an entry may be; at least {@link minLimit}.
 * @param leftovers - What is there already in each slot.
 */
export const writing = (name: string, text: string, options: {
  readonly before: Head | undefined
  readonly limit: number
  readonly leftovers: Leftovers
  readonly digestOf: (text: string) => string
}): ReadonlyArray<Step> => {
  const { before, digestOf, leftovers, limit } = options
  const slot: Slot = before?.slot === "a" ? "b" : "a"
  const other: Slot = slot === "a" ? "b" : "a"
  const empty: Head = { slot, pieces: maxPieces, digest: digestOf(text), first: "" }
  const [first = "", ...rest] = split(text, limit, headOf(empty).length)
  const head: Head = { ...empty, pieces: rest.length + 1, first }
  const names = pieceNames(name, head)
  const old = Math.max(before?.pieces ?? 1, leftovers[other])
  return [
    ...rest.map((piece, at): Step => ({ set: names[at] ?? "", text: piece })),
    { set: name, text: headOf(head) },
    ...deletions(name, other, old),
    ...deletions(name, slot, leftovers[slot]).slice(0, Math.max(leftovers[slot] - head.pieces, 0))
  ]
}

/** The changes that remove a text: first its head, then what else there is. */
export const removing = (
  name: string,
  before: Head | undefined,
  leftovers: Leftovers
): ReadonlyArray<Step> => [
  { delete: name },
  ...deletions(name, "a", Math.max(leftovers.a, before?.slot === "a" ? before.pieces : 1)),
  ...deletions(name, "b", Math.max(leftovers.b, before?.slot === "b" ? before.pieces : 1))
]

/**
 * How long an entry of the system's keychain may be, in letters of JavaScript. Windows takes 2,560 bytes (`CredWriteW`), and
 * two of them are one UTF-16 code unit.
 */
export const entryLimit = (platform: string): number => platform === "win32" ? 1280 : Number.POSITIVE_INFINITY
