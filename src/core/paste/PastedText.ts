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
import { withoutRepetition } from "./TypedText.ts"

/**
 * Longest text read, in UTF-16 code units: four times the longest address a browser is known to give; beyond it, a wrong
 * clipboard.
 */
export const maxLength: number = 64 * 1024

// `ESC[200~` and `ESC[201~` stand around a paste; a terminal that was not asked for them leaves some of their letters.
const pasteMarker = /(?:\u001b\[|\u009b|\^\[\[|\[)20[01]~/g
// A window title or a link (OSC), a colour or a movement (CSI), and the short ones.
const stringEscape =
  /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c\r\n]*(?:\u0007|\u001b\\|\u009c)/g
const controlEscape = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b[ -/]*[0-~]/g
// Controls but the line breaks and the tab; what shows nothing and what turns the direction of writing.
const invisible = /[^\P{Cc}\t\n\v\f\r\u0085]|[\p{Cf}\p{DI}]/gu
const lineBreak = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/
const boxDrawing = /[\u2500-\u257f]/g
// What zsh puts before the letters it would expand, and JSON before others; a wrap may stand between.
const shellEscape = /\\(?=\s*[?&=#%;~*!()[\]{}$'"/^])/g
const ampersandEntity = /&(?:(?:amp|#0*38|#x0*26);)+/gi

/** The lines of a text, without what is not to be seen in them. A blank line stands where one paste ends. */
const linesOf = (text: string): ReadonlyArray<string> =>
  text
    .replace(pasteMarker, "\n\n")
    .replace(stringEscape, "")
    .replace(controlEscape, "")
    .replace(invisible, "")
    .replace(boxDrawing, " ")
    .replace(shellEscape, "")
    .split(lineBreak)

// Quotes and brackets that no address contains, for browsers encode them or they are not ASCII.
const delimiters = '"`<>\u2018-\u201f\u2039\u203a\u00ab\u00bb\u3001\u3002\u3008-\u3011\uff01\uff09\uff0c\uff1b'
const delimiter = new RegExp(`[${delimiters}]`)
const wordPattern = new RegExp(`[^\\s${delimiters}]+`, "g")

/** A run of letters that an address may contain, and the delimiters that touch it. */
interface Word {
  readonly text: string
  readonly before: string
  readonly after: string
}

const wordsOf = (line: string): ReadonlyArray<Word> => {
  const touching = (index: number) => {
    const letter = line.charAt(index)
    return delimiter.test(letter) ? letter : ""
  }
  return Array.from(line.matchAll(wordPattern), ({ 0: text, index }) => ({
    text,
    before: touching(index - 1),
    after: touching(index + text.length)
  }))
}

const known = "(?:code|state|iss|error|error_description|error_uri|scope|session_state|client_info|authuser|prompt|hd)="
const startsParameters = new RegExp(`^&*${known}`)
const startsComponent = new RegExp(`^(?:/[^?#]*)?[?#]${known}`)
const holdsParameters = new RegExp(`[?#&](?:amp;)?${known}`)
const stateName = /(?:^|[?&#;])state=/
const answerName = /(?:^|[?&#;])(?:code|error)=/
const startsAbsolute = /^(?:[a-z][a-z0-9+.-]*:\/\/|(?:127\.0\.0\.1|localhost|\[::1\])[:/?#])/i

const isBracket = (text: string, at: number): boolean =>
  at < text.length && "'([{".includes(text.charAt(at)) && !text.startsWith("[::1]", at)

const afterBrackets = (text: string): number => {
  let at = 0
  while (isBracket(text, at)) at++
  return at
}

const isStart = (text: string): boolean =>
  /^[/?#&]/.test(text) || startsAbsolute.test(text) || startsParameters.test(text)

/** Where in a word an address begins, or -1. */
const startOf = (text: string): number => {
  const first = afterBrackets(text)
  if (isStart(text.slice(first))) return first
  const link = text.indexOf("](") + 2
  if (link >= 2 && isStart(text.slice(link))) return link
  const separator = text.indexOf("://")
  const parameters = text.search(holdsParameters)
  if (parameters >= 0 && (separator < 0 || parameters < separator)) return first
  let scheme = separator
  while (scheme > 0 && /[a-z0-9+.-]/i.test(text.charAt(scheme - 1))) scheme--
  while (scheme < separator && !/[a-z]/i.test(text.charAt(scheme))) scheme++
  return scheme < separator ? scheme : -1
}

/** Where the quote or bracket is closed that was opened before an address, or -1. The last one: a code may hold some. */
const endOf = (text: string, opener: string): number => {
  if (opener === "'") return text.lastIndexOf("'")
  if (opener === "(") return text.lastIndexOf(")")
  if (opener !== "[") return -1
  const link = text.lastIndexOf("](")
  return link >= 0 || !text.endsWith("]") ? link : text.length - 1
}

/** An address that may go on in the next line, with what must be known of it to tell. */
class Address {
  readonly _tag = "Address"
  readonly line: number
  /** `'`, `(` or `[` when it stands before the address, and the delimiter before it. */
  readonly opener: string
  readonly delimiter: string
  readonly parts: Array<string> = []
  /** Its end is known from what follows, so that not even a full stop is taken off. */
  bounded = false
  /** It has come to its parameters, or to its fragment; and whether its last parameter has its `=`. */
  inParameters = false
  inFragment = false
  inValue = false
  hasState = false
  hasAnswer = false
  tail = ""

  constructor(line: number, opener: string, delimiter: string) {
    this.line = line
    this.opener = opener
    this.delimiter = delimiter
  }

  get isComplete(): boolean {
    return this.hasState && this.hasAnswer
  }

  /** Takes the part in a word, and gives back what follows it in the word, where quotes or brackets end it. */
  take({ after, text }: Pick<Word, "text" | "after">): string {
    const end = endOf(text, this.opener)
    const part = end < 0 ? text : text.slice(0, end)
    if (this.parts.length === 0) this.inParameters = startsParameters.test(part)
    this.parts.push(part)
    const separator = Math.max(part.lastIndexOf("&"), part.lastIndexOf("?"), part.lastIndexOf("#"))
    if (separator >= 0) this.inParameters = true
    this.inFragment ||= part.includes("#")
    this.inValue = part.includes("=", separator + 1) || (separator < 0 && this.inValue)
    const around = this.tail + part
    this.hasState ||= stateName.test(around)
    this.hasAnswer ||= answerName.test(around)
    this.tail = around.slice(-24)
    this.bounded = end >= 0 || after !== ""
    return end < 0 ? "" : text.slice(end + 1)
  }

  /** Whether a line goes on with a list, one parameter a line, and repeats nothing of it. */
  isListedWith([first, second]: ReadonlyArray<Word>): boolean {
    return first !== undefined && second === undefined && this.inValue && !this.isComplete &&
      startsParameters.test(first.text) && !(this.hasState && stateName.test(first.text)) &&
      !(this.hasAnswer && answerName.test(first.text))
  }

  /** Whether a line begins with a further part of it. A code must not be cut, so in doubt it does. */
  continuesWith([first, second]: ReadonlyArray<Word>): boolean {
    if (first === undefined || (first.before !== "" && (first.before !== ">" || this.delimiter === "<"))) return false
    const text = first.text.slice(afterBrackets(first.text))
    // The link or the address of another one.
    if (first.text.includes("](") || startsAbsolute.test(second?.text ?? "")) return false
    // Servers send `iss=https://…` as it is.
    if (startsAbsolute.test(text)) return /[?&#;](?:iss|\w*ur[il])=$/.test(this.tail)
    // A second `?code=` cannot belong to it, nor `code=` where it already stands in a value.
    const inComponent = text.startsWith("#") && !this.isComplete ? this.inFragment : this.inParameters
    if (startsComponent.test(text) && inComponent) return false
    if (startsParameters.test(text) && !text.startsWith("&") && (this.inValue || !this.inParameters)) return false
    const isEncoded = /[=&%]/.test(text)
    if (!isEncoded && !/^[!-~]+$/.test(first.text)) return false
    // A line of several words is prose, unless its first word is seen to be none.
    return second === undefined || isEncoded || first.after !== "" || endOf(first.text, this.opener) >= 0 ||
      /^HTTP\/\d/.test(second.text)
  }
}

/** Text that is no address. */
interface Junk {
  readonly _tag: "Junk"
  readonly isOneWord: boolean
  lastLine: number
  text: string
}

// Words beside an address that are not a sentence, after which a full stop would be its own.
const command = /^[\s$%#*<>]*(?:curl|wget|get|head|post|location:|url:)(?:\s|$)/i

/** The addresses and the junk in a text, in order, and whether there are sentences among them. */
const piecesOf = (text: string): { readonly pieces: ReadonlyArray<Address | Junk>; readonly isProse: boolean } => {
  const pieces: Array<Address | Junk> = []
  let isProse = false
  let isCommand = false
  let open: Address | undefined
  for (const [line, content] of linesOf(text).entries()) {
    let words = wordsOf(content)
    if (words.length === 0) {
      // Before an address is complete, a blank line is one of the breaks that a mail program makes.
      if (open?.isComplete === true || delimiter.test(content)) open = undefined
      continue
    }
    let isJunk = true
    const isListed = open?.isListedWith(words) === true
    const goesOn = isListed || open?.continuesWith(words) === true
    isCommand = command.test(content) || (goesOn && isCommand)
    if (open !== undefined && goesOn) {
      if (isListed) open.take({ text: "&", after: "" })
      open.take(words[0] as Word)
      if (words.length > 1) open.bounded ||= /^HTTP\/\d/.test(words[1]?.text ?? "")
      if (words.length > 1 || open.bounded) open = undefined
      words = words.slice(1)
      isJunk = false
    } else open = undefined
    for (const [index, word] of words.entries()) {
      const next = words[index + 1]
      let rest = word.text
      for (let start = startOf(rest); start >= 0; start = startOf(rest)) {
        const opener = rest.charAt(start - 1)
        const address: Address = new Address(line, opener, start === 0 ? word.before : "")
        rest = address.take({ text: rest.slice(start), after: word.after })
        address.bounded ||= next !== undefined && /^HTTP\/\d/.test(next.text)
        pieces.push(address)
        open = next === undefined && !address.bounded ? address : undefined
        isJunk = false
        if (rest === "") break
      }
      if (rest === word.text && !isCommand) isProse = true
    }
    if (!isJunk || words.length === 0) continue
    const last = pieces.at(-1)
    const isOneWord = words.length === 1
    if (isOneWord && last?._tag === "Junk" && last.isOneWord && last.lastLine === line - 1) {
      last.text += words[0]?.text
      last.lastLine = line
    } else pieces.push({ _tag: "Junk", isOneWord, lastLine: line, text: isOneWord ? words[0]?.text ?? "" : content })
  }
  return { pieces, isProse }
}

/** Takes off what ends a sentence; a bracket only if it was opened outside of the address. */
const withoutFullStop = (address: string): string => {
  let surplus = address.split(")").length - address.split("(").length
  let end = address.length
  while (
    end > 0 && (".,;:!?".includes(address.charAt(end - 1)) || (address.charAt(end - 1) === ")" && surplus-- > 0))
  ) {
    end--
  }
  return address.slice(0, end)
}

type Reading = Either.Either<AuthorizationResponse.Parameters, PasteRefusalReason>

// What only a request carries, also that of a login page on the way.
const requestParameters = ["response_type", "client_id", "redirect_uri", "code_challenge", "request", "request_uri"]

const interpret = (address: string): Reading => {
  const { has, parse } = AuthorizationResponse
  const [beforeHash = "", ...others] = address.replace(ampersandEntity, "&").split("#")
  const isBare = /^&*[\w.-]+=/.test(beforeHash)
  const mark = beforeHash.indexOf("?")
  const query = parse(isBare ? beforeHash : mark < 0 ? "" : beforeHash.slice(mark + 1))
  // Pages that route by the fragment write `#/path?code=…`.
  const fragment = parse(others.join("#").replace(/^[^=&?]*\?/, ""))
  const isAnswer = (parameters: AuthorizationResponse.Parameters) => has(parameters, "code") || has(parameters, "error")
  const isRequest = requestParameters.some((name) => has(query, name))
  if (isRequest && !isAnswer(query)) return Either.left("AuthorizationUrl")
  if (has(query, "state")) return isBare && !isAnswer(query) ? Either.left("NotAResponse") : Either.right(query)
  if (has(fragment, "state") && (isAnswer(fragment) || !isAnswer(query))) return Either.right(fragment)
  return Either.left(isAnswer(query) || isAnswer(fragment) ? "StateMissing" : "NotAResponse")
}

const looksLikeCode = (text: string): boolean =>
  text.length >= 16 && /^['([]*(?:\d\/)?[\w.~%+-]+(?:#[\w.~%+-]*)?['),;\]]*$/.test(text)

/**
 * Reads one block of text, as pasted in one go: one entry for each address and for each piece of junk, in order.
 *
 * Taken are whole URLs, addresses without scheme, paths, and bare parameters; quoted, escaped, among other words, and
 * wrapped over lines. A line of one word that follows an address is part of it, unless it must be an address of its own.
 *
 * @returns for each piece `Right` with its parameters, or `Left` with
 *   - `TooLong` for more than {@link maxLength} characters, `Empty` for nothing but white space;
 *   - `AuthorizationUrl` for the address of the sign-in page itself;
 *   - `StateMissing` for an answer without `state`;
 *   - `BareCode` for what looks like a code alone, `NotAResponse` for anything else.
 */
export const read = (
  text: string
): ReadonlyArray<Either.Either<AuthorizationResponse.Parameters, PasteRefusalReason>> => {
  if (text.length > maxLength) return [Either.left("TooLong")]
  const { isProse, pieces } = piecesOf(withoutRepetition(text))
  const readings: Array<Reading> = []
  let previous: { readonly line: number; readonly address: string } | undefined
  let junk: PasteRefusalReason | undefined
  for (const piece of pieces) {
    let reading: Reading
    if (piece._tag === "Address") {
      const joined = piece.parts.join("")
      const address = isProse && !piece.bounded ? withoutFullStop(joined) : joined
      // A link whose text is its own address.
      if (previous?.line === piece.line && previous.address === address) continue
      previous = { line: piece.line, address }
      reading = interpret(address)
    } else reading = Either.left(piece.isOneWord && looksLikeCode(piece.text) ? "BareCode" : "NotAResponse")
    const reason = Either.isLeft(reading) ? reading.left : undefined
    const isJunk = reason === "NotAResponse" || reason === "BareCode"
    if (!isJunk || reason !== junk) readings.push(reading)
    junk = isJunk ? reason : undefined
  }
  return readings.length === 0 ? [Either.left("Empty")] : readings
}
