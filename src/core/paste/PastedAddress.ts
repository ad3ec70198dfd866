/**
 * An address in a pasted text: where it begins and ends, and whether the next line is a further part of it.
 *
 * A code must not be cut, so in doubt a line is a part of the address; and a second answer must not be glued to the first.
 */
import type { Word } from "./PastedLines.ts"

/** An address, as far as it was read. */
export interface PastedAddress {
  readonly _tag: "Address"
  /** The parts of all lines so far, joined. */
  readonly text: string
  /** Number of the line in which it begins. */
  readonly line: number
  /** The quote or bracket directly before it, `'`, `(` or `[`; any other character has no meaning. */
  readonly opener: string
  /** The delimiter before the word in which it begins. */
  readonly delimiter: string
  /** Whether its end is certain from what follows it, so that not even a full stop is taken off. */
  readonly isBounded: boolean
  /** Whether it has come to its parameters. */
  readonly inParameters: boolean
  /** Whether it has come to its fragment. */
  readonly inFragment: boolean
  /** Whether its last parameter has its `=`. */
  readonly inValue: boolean
  readonly hasState: boolean
  /** Whether it holds a `code` or an `error`. */
  readonly hasAnswer: boolean
  /** Its last characters: names of parameters are looked for across two parts, without reading the first part again. */
  readonly tail: string
}

const tailLength = 24

const names = "(?:code|state|iss|error|error_description|error_uri|scope|session_state|client_info|authuser|prompt|hd)"
const known = `${names}=`
const startsParameters = new RegExp(`^&*${known}`)
const startsQueryOrFragment = new RegExp(`^(?:/[^?#]*)?[?#]${known}`)
const holdsParameters = new RegExp(`[?#&](?:amp;)?${known}`)
const stateName = /(?:^|[?&#;]|%(?:25){0,2}(?:3f|26|23))state(?:=|%(?:25){0,2}3d)/i
const answerName = /(?:^|[?&#;]|%(?:25){0,2}(?:3f|26|23))(?:code|error)(?:=|%(?:25){0,2}3d)/i
// An address that was escaped whole, once or twice.
const escapedScheme = /https?%(?:25){0,2}3a/i
const escapedParameters = new RegExp(`(?:^|%(?:25){0,2}(?:3f|26|23))${names}%(?:25){0,2}3d`, "i")
const startsAbsolute = /^(?:[a-z][a-z0-9+.-]*:\/\/|(?:127\.0\.0\.1|localhost|\[::1\])[:/?#])/i
// In a request line that was copied from a log.
const protocolVersion = /^HTTP\/\d/

const isBracket = (text: string, at: number): boolean =>
  at < text.length && "'([{".includes(text.charAt(at)) && !text.startsWith("[::1]", at)

const afterBrackets = (text: string): number => {
  let at = 0
  while (isBracket(text, at)) at++
  return at
}

const isStart = (text: string): boolean =>
  /^[/?#&]/.test(text) || startsAbsolute.test(text) || startsParameters.test(text)

const escapedStart = (text: string, first: number): number => {
  const scheme = text.search(escapedScheme)
  const parameters = text.slice(first).search(escapedParameters) + first
  return parameters >= first && (scheme < 0 || parameters < scheme) ? first : scheme
}

/** Where in a word an address begins, or -1. */
export const startOf = (text: string): number => {
  const first = afterBrackets(text)
  if (isStart(text.slice(first))) return first
  // Markdown: [text](address).
  const link = text.indexOf("](") + 2
  if (link >= 2 && isStart(text.slice(link))) return link
  const separator = text.indexOf("://")
  const parameters = text.search(holdsParameters)
  if (parameters >= 0 && (separator < 0 || parameters < separator)) return first
  let scheme = separator
  while (scheme > 0 && /[a-z0-9+.-]/i.test(text.charAt(scheme - 1))) scheme--
  while (scheme < separator && !/[a-z]/i.test(text.charAt(scheme))) scheme++
  return scheme < separator ? scheme : escapedStart(text, first)
}

/** Where the quote or bracket before an address is closed, or -1. The last place counts: a code may hold some itself. */
const endOf = (text: string, opener: string): number => {
  if (opener === "'") return text.lastIndexOf("'")
  if (opener === "(") return text.lastIndexOf(")")
  if (opener !== "[") return -1
  const link = text.lastIndexOf("](")
  return link >= 0 || !text.endsWith("]") ? link : text.length - 1
}

const isFollowedByProtocol = (next: Word | undefined): boolean => next !== undefined && protocolVersion.test(next.text)

const append = (
  address: PastedAddress,
  { after, text }: Pick<Word, "text" | "after">,
  next: Word | undefined
): { readonly address: PastedAddress; readonly rest: string } => {
  const end = endOf(text, address.opener)
  const part = end < 0 ? text : text.slice(0, end)
  const separator = Math.max(part.lastIndexOf("&"), part.lastIndexOf("?"), part.lastIndexOf("#"))
  const around = address.tail + part
  return {
    address: {
      ...address,
      text: address.text + part,
      isBounded: end >= 0 || after !== "" || isFollowedByProtocol(next),
      inParameters: separator >= 0 || (address.text === "" ? startsParameters.test(part) : address.inParameters),
      inFragment: address.inFragment || part.includes("#"),
      inValue: part.includes("=", separator + 1) || (separator < 0 && address.inValue),
      hasState: address.hasState || stateName.test(around),
      hasAnswer: address.hasAnswer || answerName.test(around),
      tail: around.slice(-tailLength)
    },
    rest: end < 0 ? "" : text.slice(end + 1)
  }
}

/**
 * Reads the address that begins at an index of a word.
 *
 * @param text - The word, or what of it no other address has taken.
 * @returns the address, and what follows it in the word where a quote or a bracket ends it.
 */
export const begin = (
  text: string,
  start: number,
  context: { readonly line: number; readonly word: Word; readonly next: Word | undefined }
): { readonly address: PastedAddress; readonly rest: string } => {
  const { line, next, word } = context
  const empty: PastedAddress = {
    _tag: "Address",
    text: "",
    line,
    opener: text.charAt(start - 1),
    delimiter: word.before,
    isBounded: false,
    inParameters: false,
    inFragment: false,
    inValue: false,
    hasState: false,
    hasAnswer: false,
    tail: ""
  }
  return append(empty, { text: text.slice(start), after: word.after }, next)
}

/** Whether it holds all that an answer needs. */
export const isComplete = ({ hasAnswer, hasState }: PastedAddress): boolean => hasState && hasAnswer

/** Whether a line is the next entry of a list with one parameter a line, and repeats neither state nor answer. */
const isListedWith = (address: PastedAddress, first: Word, second: Word | undefined): boolean =>
  second === undefined && address.inValue && !isComplete(address) && startsParameters.test(first.text) &&
  !(address.hasState && stateName.test(first.text)) && !(address.hasAnswer && answerName.test(first.text))

/** Whether a line begins with a further part of the address. */
const isWrappedInto = (address: PastedAddress, first: Word, second: Word | undefined): boolean => {
  if (first.before !== "" && (first.before !== ">" || address.delimiter === "<")) return false
  const text = first.text.slice(afterBrackets(first.text))
  // A Markdown link, or a label such as `Location:` before another address.
  if (first.text.includes("](") || startsAbsolute.test(second?.text ?? "")) return false
  // Servers send `iss=https://…` without escapes.
  if (startsAbsolute.test(text)) return /[?&#;](?:iss|\w*ur[il])=$/.test(address.tail)
  // A second `?code=` cannot belong to it, nor `code=` where a value is being read.
  const inComponent = text.startsWith("#") && !isComplete(address) ? address.inFragment : address.inParameters
  if (startsQueryOrFragment.test(text) && inComponent) return false
  if (startsParameters.test(text) && !text.startsWith("&") && (address.inValue || !address.inParameters)) return false
  const isEncoded = /[=&%]/.test(text)
  if (!isEncoded && !/^[!-~]+$/.test(first.text)) return false
  // A line of several words is prose, unless something shows that its first word is not.
  return second === undefined || isEncoded || first.after !== "" || endOf(first.text, address.opener) >= 0 ||
    protocolVersion.test(second.text)
}

/**
 * The address with the part that a further line adds; `undefined` when the line does not belong to it.
 *
 * @param first - The first word of the line, and the second, if there is one.
 */
export const continueWith = (
  address: PastedAddress,
  first: Word,
  second: Word | undefined
): PastedAddress | undefined => {
  if (isListedWith(address, first, second)) {
    return append(append(address, { text: "&", after: "" }, undefined).address, first, second).address
  }
  return isWrappedInto(address, first, second) ? append(address, first, second).address : undefined
}
