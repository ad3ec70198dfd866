/**
 * Reading `WWW-Authenticate`: what a server that refuses a request says about getting in (RFC 9110 section 11.6.1).
 *
 * The header is whatever a server sent, so every text has a reading and none throws. A quotation mark always begins a
 * quoted string, in junk too, so that nothing a server quotes (an error's words) is read as what it says. Every step
 * takes time linear in the length of the header.
 */
import * as Option from "effect/Option"

/** One way in that a server offers. */
export interface Challenge {
  /** Name of the scheme, in lower case: `bearer`. */
  readonly scheme: string
  /** What stands in place of parameters, as in `Negotiate abc==`. */
  readonly token68?: string
  /**
   * Values by name, the names in lower case. A name that comes again with another value has none here: no parameter may
   * come twice (RFC 9110 section 11.2), readers differ on which one counts, and to go by neither is what a client does
   * that was told nothing. The same value again changes nothing.
   */
  readonly parameters: ReadonlyMap<string, string>
}

/** A challenge while it is read: a parameter that was contradicted, or cut off, is `undefined`. */
interface Opened {
  readonly scheme: string
  token68?: string
  readonly parameters: Map<string, string | undefined>
}

const space = /[ \t\r\n]*/y
const spaceOrComma = /[ \t\r\n,]*/y
const token = /[!#$%&'*+\-.^_`|~\dA-Za-z]+/y
const base64 = /[A-Za-z\d\-._~+/]+=*/y
const afterName = /^[ \t\r\n,=]?$/
// More than a token: servers send URLs without the quotes they need.
const unquoted = /[^\s,"]*/y

/** A place in the header. It goes back at most once in each element of the list, so all reading is linear. */
class Reader {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  get next(): string {
    return this.text.charAt(this.at)
  }

  take(pattern: RegExp): string {
    pattern.lastIndex = this.at
    const taken = pattern.exec(this.text)?.[0] ?? ""
    this.at += taken.length
    return taken
  }

  /** The text of the quoted string that begins here, or `undefined` when it is never closed. */
  takeQuoted(): string | undefined {
    const start = ++this.at
    while (this.at < this.text.length && this.next !== '"') this.at += this.next === "\\" ? 2 : 1
    if (this.at >= this.text.length) return undefined
    return this.text.slice(start, this.at++).replace(/\\([^])/g, "$1")
  }

  /** A whole `token68`, up to the comma or the end; otherwise nothing is taken. */
  takeToken68(): string | undefined {
    const start = this.at
    const taken = this.take(base64)
    this.take(space)
    if (taken !== "" && (this.next === "," || this.next === "")) return taken
    this.at = start
    return undefined
  }

  /** Takes the `=` with the space around it, if there is one. */
  takeEquals(): boolean {
    this.take(space)
    if (this.next !== "=") return false
    this.at++
    this.take(space)
    return true
  }
}

const set = ({ parameters }: Opened, name: string, value: string | undefined): void => {
  parameters.set(name, parameters.has(name) && parameters.get(name) !== value ? undefined : value)
}

const close = ({ parameters, ...challenge }: Opened): Challenge => {
  for (const [name, value] of parameters) if (value === undefined) parameters.delete(name)
  return { ...challenge, parameters: parameters as ReadonlyMap<string, string> }
}

/** What follows up to the next comma: parameters, which some servers separate by spaces alone, and junk. */
const readParameters = (reader: Reader, challenge: Opened | undefined): void => {
  for (reader.take(space); reader.next !== "," && reader.next !== ""; reader.take(space)) {
    const name = reader.take(token).toLowerCase()
    if (name !== "" && reader.takeEquals()) {
      // What was cut off is dropped: half a URL or half a list of scopes is something that nobody said.
      const value = reader.next === '"' ? reader.takeQuoted() : reader.take(unquoted)
      if (challenge !== undefined) set(challenge, name, value)
    } else if (reader.next === '"') reader.takeQuoted()
    else if (name === "") reader.at++
  }
}

/**
 * Reads all challenges of a header, in order. `fetch` joins several headers by `, `, which is read as one list.
 *
 * Names are told apart as the grammar does: what begins an element of the list and is followed by `=` is a parameter of
 * the challenge before it, and anything else begins a challenge. Also taken are white space around `=`, values without
 * quotes that are no token, parameters without commas between them, and empty elements. A quoted string that is never
 * closed is dropped with its name. What is left over is skipped up to the next comma.
 *
 * @param header - The value of `WWW-Authenticate`.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1 | RFC 9110 section 11.6.1}
 */
export const parse = (header: string): ReadonlyArray<Challenge> => {
  const reader = new Reader(header)
  const challenges: Array<Opened> = []
  for (reader.take(spaceOrComma); reader.next !== ""; reader.take(spaceOrComma)) {
    const start = reader.at
    const name = reader.take(token).toLowerCase()
    const isWhole = name !== "" && afterName.test(reader.next)
    if (isWhole && !reader.takeEquals()) {
      const challenge: Opened = { scheme: name, parameters: new Map() }
      const token68 = reader.takeToken68()
      if (token68 !== undefined) challenge.token68 = token68
      challenges.push(challenge)
    } else reader.at = start
    // What begins like nothing known may be another scheme's, and adds nothing to the challenge before it.
    readParameters(reader, isWhole ? challenges.at(-1) : undefined)
  }
  return challenges.map(close)
}

/** What a server says about the token it wants (RFC 6750 section 3, RFC 9728 section 5.1), where it says so. */
export interface BearerChallenge {
  /** Why the token that was sent is refused: `invalid_token`, `insufficient_scope`, or another. */
  readonly error?: string
  /** Scopes that would do, separated by single spaces. */
  readonly scope?: string
  /** Where the server's metadata is. Not checked: whoever fetches it decides which URLs are allowed. */
  readonly resourceMetadata?: string
  /** What the token is for, for people. */
  readonly realm?: string
}

/** Only what RFC 6749 section 3.3 allows in a scope: what is kept goes into requests, and into what people see. */
const scopes = (text: string): string => text.split(/\s+/).filter((scope) => /^[!#-[\]-~]+$/.test(scope)).join(" ")

/** Without the white space around them, and without empty values, which say nothing. */
const toBearer = ({ parameters }: Challenge): BearerChallenge => {
  const value = (name: string) => (parameters.get(name) ?? "").trim()
  const fields = {
    error: value("error"),
    scope: scopes(value("scope")),
    resourceMetadata: value("resource_metadata"),
    realm: value("realm")
  }
  return Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== ""))
}

/**
 * The `Bearer` challenge to follow: the first that names its metadata, or else the first. Other schemes, `DPoP` among
 * them, are left out.
 *
 * @param header - The value of `WWW-Authenticate`; `null` where there is none.
 *
 * @example
 * ```ts
 * import { Option } from "effect"
 *
 * const wanted = bearer('Basic realm="x", Bearer error="insufficient_scope", scope="read write"')
 * if (Option.getOrThrow(wanted).scope !== "read write") throw new Error("not read")
 * ```
 */
export const bearer = (header: string | null | undefined): Option.Option<BearerChallenge> => {
  const offered = parse(header ?? "").filter(({ scheme }) => scheme === "bearer").map(toBearer)
  const [first] = offered
  return Option.fromNullable(offered.find(({ resourceMetadata }) => resourceMetadata !== undefined) ?? first)
}
