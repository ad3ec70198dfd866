/**
 * Reading what a person pasted in one go: addresses, with what terminals, shells, mail programs and prose did to them.
 *
 * Nothing is decided here about whose answer it is: what is found becomes `Parameters`, and `state` decides. Two things
 * are never done: a code is not shortened or altered to make sense of a text, and a code and a `state` are not put
 * together from different places. Every step takes time linear in the length of the text.
 */
import * as Either from "effect/Either"
import * as AuthorizationResponse from "../oauth/AuthorizationResponse.ts"
import type { PasteRefusalReason } from "../oauth/RefusalReason.ts"
import { withoutRepetition } from "./PastedLines.ts"
import { type Piece, piecesOf } from "./PastedPieces.ts"
import { maxPasteLength } from "./PasteLength.ts"
import { isWrapper, targetsIn, unescapedIn } from "./WrappedLink.ts"

type Reading = Either.Either<AuthorizationResponse.Parameters, PasteRefusalReason>

/** Takes off the punctuation that ends a sentence; a bracket only if it was opened before the address. */
const withoutFullStop = (address: string): string => {
  let closedOutside = address.split(")").length - address.split("(").length
  let end = address.length
  while (
    end > 0 && (".,;:!?".includes(address.charAt(end - 1)) || (address.charAt(end - 1) === ")" && closedOutside-- > 0))
  ) {
    end--
  }
  return address.slice(0, end)
}

const ampersandEntity = /&(?:(?:amp|#0*38|#x0*26);)+/gi

// Parameters of an authorization request, or of a login page that leads to it; no answer carries them.
const requestParameters = ["response_type", "client_id", "redirect_uri", "code_challenge", "request", "request_uri"]

const { has, isDenial, parse } = AuthorizationResponse

const isAnswer = (parameters: AuthorizationResponse.Parameters) => has(parameters, "code") || has(parameters, "error")

/** Finds the parameters of an answer in an address: in its query, or else in its fragment. */
const readPlain = (address: string): Reading => {
  const [beforeHash = "", ...others] = address.replace(ampersandEntity, "&").split("#")
  const isBare = /^&*[\w.-]+=/.test(beforeHash)
  const mark = beforeHash.indexOf("?")
  const query = parse(isBare ? beforeHash : mark < 0 ? "" : beforeHash.slice(mark + 1))
  // Pages that route by the fragment write `#/path?code=…`.
  const fragment = parse(others.join("#").replace(/^[^=&?]*\?/, ""))
  const isRequest = requestParameters.some((name) => has(query, name))
  if (isRequest && !isAnswer(query)) return Either.left("AuthorizationUrl")
  if (has(query, "state")) return isBare && !isAnswer(query) ? Either.left("NotAResponse") : Either.right(query)
  if (has(fragment, "state") && (isAnswer(fragment) || !isAnswer(query))) return Either.right(fragment)
  if (isDenial(query) || (isDenial(fragment) && !isAnswer(query))) return Either.left("DenialWithoutState")
  return Either.left(isAnswer(query) || isAnswer(fragment) ? "StateMissing" : "NotAResponse")
}

const isWhole = (reading: Reading): boolean => Either.isRight(reading) && isAnswer(reading.right)

// A wrapped link has one address in it, and a few places where that may be; a hostile text has thousands.
const mostTargets = 12

/** Finds the parameters of an answer in an address; where they are not there, in an address that it wraps. */
const readAddress = (address: string): Reading => {
  let left = mostTargets
  const readTarget = (target: string): Reading => {
    const own = readPlain(target)
    if (Either.isLeft(own) && own.left === "AuthorizationUrl") return own
    const link = target.replace(ampersandEntity, "&")
    let said: Reading | undefined
    for (const inner of isWhole(own) ? unescapedIn(link) : targetsIn(link)) {
      if (left-- <= 0) break
      const reading = readTarget(inner)
      if (isWhole(reading)) return reading
      if (said === undefined && Either.isLeft(reading) && reading.left !== "NotAResponse") said = reading
    }
    return isWhole(own) ? own : said ?? own
  }
  const reading = readTarget(address)
  return isWhole(reading) || !isWrapper(address) || (Either.isLeft(reading) && reading.left !== "NotAResponse")
    ? reading
    : Either.left("WrappedLink")
}

const looksLikeCode = (text: string): boolean =>
  text.length >= 16 && /^['([]*(?:\d\/)?[\w.~%+-]+(?:#[\w.~%+-]*)?['),;\]]*$/.test(text)

/** What a piece is read as; an address in prose without the full stop of its sentence. */
const readPiece = (piece: Piece, isProse: boolean): { readonly address?: string; readonly reading: Reading } => {
  if (piece._tag === "OtherText") {
    return { reading: Either.left(piece.isOneWord && looksLikeCode(piece.text) ? "BareCode" : "NotAResponse") }
  }
  const address = isProse && !piece.isBounded ? withoutFullStop(piece.text) : piece.text
  return { address, reading: readAddress(address) }
}

/**
 * Reads one block of text, as pasted in one go: one entry for each address and for each piece of other text, in order.
 * The same is not reported twice in a row.
 *
 * Taken are whole URLs, addresses without scheme, paths, and bare parameters; quoted, escaped, among other words, and
 * wrapped over lines. A line of one word that follows an address is part of it, unless it must be an address of its own.
 *
 * @returns for each piece `Right` with its parameters, or `Left` with
 *   - `TooLong` for more than {@link maxPasteLength} characters, `Empty` for nothing but white space;
 *   - `AuthorizationUrl` for the address of the sign-in page itself;
 *   - `StateMissing` for an answer without `state`, `DenialWithoutState` for an error without it;
 *   - `WrappedLink` for a link of a mail program or a chat in which no answer can be found;
 *   - `BareCode` for what looks like a code alone, `NotAResponse` for anything else.
 */
export const read = (
  text: string
): ReadonlyArray<Either.Either<AuthorizationResponse.Parameters, PasteRefusalReason>> => {
  if (text.length > maxPasteLength) return [Either.left("TooLong")]
  const { isProse, pieces } = piecesOf(withoutRepetition(text))
  const readings: Array<Reading> = []
  let previous: { readonly line: number; readonly address: string } | undefined
  let previousNoise: PasteRefusalReason | undefined
  for (const piece of pieces) {
    const { address, reading } = readPiece(piece, isProse)
    if (piece._tag === "Address" && address !== undefined) {
      // A link whose text is its own address.
      if (previous?.line === piece.line && previous.address === address) continue
      previous = { line: piece.line, address }
    }
    const reason = Either.isLeft(reading) ? reading.left : undefined
    const noise = reason === "NotAResponse" || reason === "BareCode" ? reason : undefined
    if (noise === undefined || noise !== previousNoise) readings.push(reading)
    previousNoise = noise
  }
  return readings.length === 0 ? [Either.left("Empty")] : readings
}

/** Whether a text may be an authorization response, or a part of one: then no other reader of the terminal gets it. */
export const holdsAnswer = (text: string): boolean =>
  /(?:^|[^a-z])(?:code|state|error)=/i.test(text.replace(/[\r\n]+/g, ""))
