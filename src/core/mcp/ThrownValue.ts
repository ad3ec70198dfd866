/**
 * What somebody's code threw, made fit to be kept in an error of ours: printable, of bounded length, and without what
 * requests carry. The code may be the runtime's `fetch`, or a `fetch` or store of the user; it may throw anything, and quote
 * URLs, headers and bodies.
 */
import { printable } from "../text/SafeText.ts"
import { withoutSecrets } from "../text/SecretText.ts"

/** One error of a chain of causes. */
export interface ThrownPart {
  readonly name: string
  readonly message: string
  /** Its `code`, where that is a name such as `ECONNREFUSED`. */
  readonly code?: string | undefined
  /** An HTTP status, which errors of clients have as `status` or `code`. */
  readonly status?: number | undefined
}

/** How many errors of a chain are looked at: those of runtimes have three, and one for each address that was tried. */
const maxParts = 8

/** How much is read of a message, and how much of it is kept. */
const maxRead = 10_000
const maxKept = 500

// A query, a fragment and the user's name in a URL may be secrets. Its end is where a URL cannot go on.
const urls = /\b([a-z][a-z0-9+.-]{1,20}:\/\/)([^\s"'<>`\\/@?#]*@)?([^\s"'<>`\\?#]*)([?#][^\s"'<>`\\]*)?/gi
const inUrl = (_: string, scheme: string, user = "", rest: string, query = ""): string =>
  `${scheme}${user === "" ? "" : "***@"}${rest}${query === "" ? "" : `${query[0]}***`}`

const schemes = /\b(Bearer|Basic|DPoP|Negotiate)[ :=]+[^\s"',;]{4,}/gi

// A name that ends so, and its value: in JSON, in a form, in an object as it is printed. A value may stand in quotes, and the
// quotes of JSON in JSON have a backslash before them.
const secretFields =
  /([a-z_-]{0,40}(?:tokens?|secret|password|verifier|assertion|api_?-?key|authorization|cookie)\\?["']?\s{0,3}[:=]\s{0,3})(\\?"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\s&,;}"']+)/gi
// These are words of many messages too ("status code: 500"), so they count where a form or JSON has them.
const parameters =
  /(\b(?:code|state)(?:=|\\?"\s{0,3}:\s{0,3}(?=\\?")))(\\?"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\s&,;}"']+)/gi

// What parsers of JSON say quotes the text around its fault, in any piece.
const quotedByParser = (text: string): string => /\bJSON\b/.test(text) ? text.replace(/["'`].*["'`]/s, "***") : text

const hidden = (text: string): string =>
  quotedByParser(text).replace(urls, inUrl).replace(schemes, "$1 ***").replace(secretFields, "$1***").replace(
    parameters,
    "$1***"
  )

/**
 * The text without what looks like a secret, nor any of these secrets, printable and at most 500 letters long.
 *
 * @param secrets What the code was given, and may have quoted.
 */
export const cleaned = (text: string, secrets: ReadonlyArray<string | undefined>): string => {
  const part = withoutSecrets(text.slice(0, maxRead), secrets)
  return printable(hidden(part), maxKept)
}

/** A property of any value. A getter, or a proxy, may throw. */
const read = (value: object, name: string): unknown => {
  try {
    return (value as Readonly<Record<string, unknown>>)[name]
  } catch {
    return undefined
  }
}

const textOf = (value: object, name: string): string => {
  const text = read(value, name)
  return typeof text === "string" ? text : ""
}

const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function"

/** A name of the system, a library or a runtime; `code` may also be a number, or a text of any kind. */
const isCode = (code: unknown): code is string => typeof code === "string" && /^[A-Z][A-Za-z0-9_]{2,63}$/.test(code)

const isStatus = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 100 && value < 600

const partOf = (value: unknown, secrets: ReadonlyArray<string | undefined>): ThrownPart => {
  // No conversion to text of what is no text: it would run code of the value.
  if (!isObject(value)) return { name: "", message: typeof value === "symbol" ? "" : cleaned(String(value), secrets) }
  const code = read(value, "code")
  const status = [read(value, "status"), code].find(isStatus)
  return {
    name: cleaned(textOf(value, "name"), secrets).slice(0, 100),
    message: cleaned(textOf(value, "message"), secrets),
    ...(isCode(code) && cleaned(code, secrets) === code && { code }),
    ...(status !== undefined && { status })
  }
}

/** What was thrown, then its causes, nearest first. */
export const parts = (
  thrown: unknown,
  secrets: ReadonlyArray<string | undefined> = []
): readonly [ThrownPart, ...ReadonlyArray<ThrownPart>] => {
  const found: Array<ThrownPart> = []
  const waiting: Array<unknown> = [thrown]
  const seen = new Set<unknown>()
  while (waiting.length > 0 && found.length < maxParts) {
    const value = waiting.shift()
    if (seen.has(value)) continue
    seen.add(value)
    found.push(partOf(value, secrets))
    if (!isObject(value)) continue
    const cause = read(value, "cause")
    if (cause !== undefined && cause !== null) waiting.push(cause)
    // One error for each address of a name that was tried.
    const errors = read(value, "errors")
    for (let at = 0; isObject(errors) && at < maxParts; at++) {
      const error = read(errors, String(at))
      if (error !== undefined && error !== null) waiting.push(error)
    }
  }
  const [first = { name: "", message: "" }, ...rest] = found
  return [first, ...rest]
}

/** The name and the message of one error, as `Error` writes them; empty where it has neither. */
export const shown = ({ message, name }: ThrownPart): string =>
  message === "" ? name : name === "" || name === "Error" ? message : `${name}: ${message}`

/**
 * An error with these names, messages and codes and nothing else, to be the `cause` of an error of ours. What was thrown
 * itself may have properties with headers or bodies, which a log would print.
 */
export const toCause = (chain: ReadonlyArray<ThrownPart>): Error | undefined => {
  let cause: Error | undefined
  for (const { code, message, name } of [...chain].reverse()) {
    const error: Error & { code?: string } = cause === undefined ? new Error(message) : new Error(message, { cause })
    // The lines of a stack would be those of this function.
    Object.defineProperty(error, "stack", { value: shown({ message, name }), configurable: true, writable: true })
    if (name !== "" && name !== "Error") {
      Object.defineProperty(error, "name", { value: name, configurable: true, writable: true })
    }
    if (code !== undefined) error.code = code
    cause = error
  }
  return cause
}
