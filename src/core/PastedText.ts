/**
 * Reading what a person pasted: one address, or several, with what a terminal, a mail program or a shell did to them.
 *
 * Nothing is decided here about whose answer it is: what is found becomes `Parameters`, and `state` decides.
 */
import * as Either from "effect/Either"
import * as AuthorizationResponse from "./AuthorizationResponse.ts"
import type { PasteRefusalReason } from "./Refusal.ts"

// Four times the longest address of any server seen; beyond it, a wrong clipboard.
const limit = 64 * 1024

/** Undoes what surrounds copied text: terminal escapes, markers of bracketed paste, HTML and shell escapes. */
const clean = (text: string): string =>
  text
    .replace(/\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?/g, "") // OSC, with the hyperlinks of OSC 8
    .replace(/(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?/g, "") // CSI
    .replace(/\u001b[ -/]*[0-~]?/g, "")
    .replace(/\[20[01]~/g, "") // what a terminal without bracketed paste leaves of its markers
    .replace(/\r\n?|[\u2028\u2029\u0085]/g, "\n")
    .replace(/\t|\p{Zs}/gu, " ")
    .replace(/[^\P{Cc}\n]|\p{Cf}/gu, "")
    .replace(/&(?:amp;|#38;|#x26;)+/gi, "&")
    .replace(/\\([?&=%#:/.+~_-])/g, "$1")

const opening = /^[("'`<\[{“”„‘’«]+/
const closing = /["'`>}”’»]+$/

/** A word without the quotes and brackets around it; of `[text](address)` the address. */
const bare = (word: string, amongOthers: boolean): string => {
  const link = word.lastIndexOf("](")
  const inner = (link < 0 ? word : word.slice(link + 2)).replace(closing, "")
  const opened = link >= 0 || /^[([]/.test(word)
  const unwrapped = /^\[::1\]/.test(inner) ? inner : inner.replace(opening, "")
  // A full stop or a bracket may be part of a code: it goes only where the text around shows that it is not.
  const ended = amongOthers ? unwrapped.replace(/[.,;]+$/, "") : unwrapped
  return (opened ? ended.replace(/[)\]]+[.,;]*$/, "") : ended).replace(closing, "")
}

const parameterFirst = /^(?:code|state|error|error_description|error_uri|iss|session_state|scope)=/
const schemeFirst = /^[a-z][a-z0-9+.-]*:\/\//i
const hostFirst = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?:[/?#]|$)/i
const pathFirst = /^\/[^\s?]*\?/

/** Whether a word can begin an address. */
const begins = (word: string): boolean =>
  schemeFirst.test(word) || hostFirst.test(word) || pathFirst.test(word) || /^[?#][\w.]+=/.test(word) ||
  parameterFirst.test(word)

const holds = (address: string, name: string): boolean =>
  address.startsWith(`${name}=`) || address.includes(`?${name}=`) || address.includes(`&${name}=`) ||
  address.includes(`#${name}=`)

const isComplete = (address: string): boolean =>
  holds(address, "state") && (holds(address, "code") || holds(address, "error"))

/** Whether a line that follows an address belongs to it, though it could begin one. */
const continues = (address: string, line: string): boolean => {
  if (/[=&?%#]$/.test(address) || /%[0-9a-f]$/i.test(address)) return true
  if (!begins(line)) return true
  if (schemeFirst.test(line) || hostFirst.test(line)) return false
  return !isComplete(address)
}

/** Joins a continuation; parameters listed one to a line get back the `&` between them. */
const join = (address: string, line: string): string => {
  const listed = parameterFirst.test(line) && !/(?:[=&?%#]|[?&#][\w.-]*)$/.test(address) && address.includes("=")
  return listed ? `${address}&${line}` : address + line
}

/** The addresses and the junk in a text, in order. */
const pieces = (text: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  let address: string | undefined
  const end = () => {
    if (address !== undefined) found.push(address)
    address = undefined
  }
  for (const line of text.split("\n")) {
    const words = line.split(" ").filter((word) => word !== "")
    if (words.length === 0) {
      // A blank line ends an address that is whole; before that it is one of the breaks a mail program makes.
      if (address !== undefined && isComplete(address)) end()
      continue
    }
    const [only] = words
    if (words.length === 1 && only !== undefined && address !== undefined && continues(address, bare(only, false))) {
      address = join(address, bare(only, false))
      continue
    }
    end()
    const start = words.findIndex((word) => begins(bare(word, words.length > 1)))
    if (start < 0) {
      found.push(words.length === 1 && only !== undefined ? bare(only, false) : line)
      continue
    }
    address = bare(words[start] ?? "", words.length > 1)
    for (const word of words.slice(start + 1)) {
      const next = bare(word, true)
      if (begins(next) && isComplete(address)) {
        end()
        address = next
      } else if (!isComplete(address)) address = join(address, next)
    }
  }
  end()
  return found
}

const isAuthorizationUrl = (parameters: AuthorizationResponse.Parameters): boolean => {
  const has = (name: string) => AuthorizationResponse.has(parameters, name)
  return has("response_type") || has("code_challenge") || has("request_uri") ||
    (has("client_id") && has("redirect_uri"))
}

/** Parameters of an address: its query, or its fragment where only that has `state`; never some of each. */
const parametersOf = (address: string): AuthorizationResponse.Parameters => {
  const hash = address.indexOf("#")
  const beforeHash = hash < 0 ? address : address.slice(0, hash)
  const mark = beforeHash.indexOf("?")
  const query = mark >= 0 ? beforeHash.slice(mark + 1) : parameterFirst.test(beforeHash) ? beforeHash : ""
  const parameters = AuthorizationResponse.parse(query)
  if (hash < 0 || AuthorizationResponse.has(parameters, "state")) return parameters
  const fragment = AuthorizationResponse.parse(address.slice(hash + 1).replace(/^[^=&]*\?/, ""))
  return AuthorizationResponse.has(fragment, "state") ? fragment : parameters
}

const interpret = (piece: string): Either.Either<AuthorizationResponse.Parameters, PasteRefusalReason> => {
  const parameters = parametersOf(piece)
  const answered = AuthorizationResponse.has(parameters, "code") || AuthorizationResponse.has(parameters, "error")
  if (!answered && isAuthorizationUrl(parameters)) return Either.left("AuthorizationUrl")
  if (AuthorizationResponse.has(parameters, "state")) return Either.right(parameters)
  if (answered) return Either.left("StateMissing")
  return Either.left(/^[A-Za-z0-9._~+/#-]{16,}={0,2}$/.test(piece) ? "BareCode" : "NotAResponse")
}

/**
 * Reads one block of text, as pasted in one go: one entry for each address, and for each piece of junk, in order.
 *
 * Taken are whole URLs of any scheme, addresses without scheme, paths and bare parameters, quoted, escaped, among other
 * words, and wrapped over lines.
 *
 * @returns for each piece `Right` with its parameters, or `Left` with
 *   - `TooLong` for more than 64 Ki characters, `Empty` for nothing but white space;
 *   - `AuthorizationUrl` for the address of the sign-in page itself;
 *   - `StateMissing` for an answer without `state`;
 *   - `BareCode` for what looks like a code alone, `NotAResponse` for anything else.
 */
export const read = (
  text: string
): ReadonlyArray<Either.Either<AuthorizationResponse.Parameters, PasteRefusalReason>> => {
  if (text.length > limit) return [Either.left("TooLong")]
  const found = pieces(clean(text))
  return found.length === 0 ? [Either.left("Empty")] : found.map(interpret)
}
