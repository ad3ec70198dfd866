/**
 * Reads `WWW-Authenticate`: how a server that refuses a request wants it to be authorized (RFC 9110 section 11.6.1).
 *
 * Servers send malformed headers, so every text can be read and none throws. A quotation mark always begins a quoted
 * string, so that the words of a quoted error are never read as parameters. The time is linear in the header's length.
 */
import * as Option from "effect/Option"
import { printable } from "../text/SafeText.ts"
import * as ScopeSet from "./ScopeSet.ts"

/** One challenge: a way to authorize the request. */
export interface Challenge {
  /** The authentication scheme in lower case, such as `bearer`. */
  readonly scheme: string
  /** The value that some schemes have in place of parameters, as in `Negotiate abc==`. */
  readonly token68?: string
  /**
   * The parameters by their names in lower case. A parameter that is repeated with another value is left out: it must not
   * be repeated (RFC 9110 section 11.2), and parsers disagree on which value counts.
   */
  readonly parameters: ReadonlyMap<string, string>
}

/** A challenge while it is read: a parameter that is `undefined` was repeated with another value, or cut off. */
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
// More than a token: some servers send URLs without the quotation marks that these need.
const unquoted = /[^\s,"]*/y

/** A position in the header. It goes back at most once for each element of the list, so reading is linear. */
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

  /** Takes the quoted string that begins here. @returns its text, or `undefined` when it is never closed. */
  takeQuoted(): string | undefined {
    const start = ++this.at
    while (this.at < this.text.length && this.next !== '"') this.at += this.next === "\\" ? 2 : 1
    if (this.at >= this.text.length) return undefined
    return this.text.slice(start, this.at++).replace(/\\([^])/g, "$1")
  }

  /** Takes a `token68` if one reaches up to the next comma or the end, and otherwise nothing. */
  takeToken68(): string | undefined {
    const start = this.at
    const taken = this.take(base64)
    this.take(space)
    if (taken !== "" && (this.next === "," || this.next === "")) return taken
    this.at = start
    return undefined
  }

  /** Takes an `=` with the white space around it, if there is one. */
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

/** Reads up to the next comma: parameters, which some servers separate by spaces alone, and anything else is skipped. */
const readParameters = (reader: Reader, challenge: Opened | undefined): void => {
  for (reader.take(space); reader.next !== "," && reader.next !== ""; reader.take(space)) {
    const name = reader.take(token).toLowerCase()
    if (name !== "" && reader.takeEquals()) {
      // A value that is cut off is dropped: half a URL or half a list of scopes is not what the server meant.
      const value = reader.next === '"' ? reader.takeQuoted() : reader.take(unquoted)
      if (challenge !== undefined) set(challenge, name, value)
    } else if (reader.next === '"') reader.takeQuoted()
    else if (name === "") reader.at++
  }
}

/**
 * Reads all challenges of a header, in order. `fetch` joins several headers by `, `, and the result is one list.
 *
 * A name at the start of a list element that is followed by `=` is a parameter of the challenge before it; any other name
 * begins a challenge. Beyond the grammar it accepts white space around `=`, unquoted values that are not tokens,
 * parameters without commas between them, and empty elements. A quoted string that is never closed is dropped together
 * with its name. Anything else is skipped up to the next comma.
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
    // An element that cannot be read may belong to another scheme, so it adds nothing to the challenge before it.
    readParameters(reader, isWhole ? challenges.at(-1) : undefined)
  }
  return challenges.map(close)
}

/** What a server says about the token that it wants (RFC 6750 section 3, RFC 9728 section 5.1). */
export interface BearerChallenge {
  /** Why the token that was sent is refused: `invalid_token`, `insufficient_scope`, or another. */
  readonly error?: string
  /** The scopes that the request needs, separated by single spaces. */
  readonly scope?: string
  /** The URL of the server's metadata. It is not checked here, but where it is fetched. */
  readonly resourceMetadata?: string
  /** What the token is for, in words for people. */
  readonly realm?: string
  /** How the person is to be authenticated: names of ways, the best first, separated by spaces (RFC 9470 section 3). */
  readonly acrValues?: string
  /** How many seconds may have passed at most since the person was authenticated (RFC 9470 section 3). */
  readonly maxAge?: number
}

/** The most letters of `acr_values`: they go into the URL that a browser is started with. */
const maxAcrLength = 1000

/** Names of ways to authenticate, which are printable ASCII. Where one is not, or they are too long, there are none. */
const acrValuesOf = (text: string): string =>
  text.length <= maxAcrLength && /^[\x20-\x7e]*$/.test(text) ? ScopeSet.union(text) ?? "" : ""

/** Seconds: digits alone, and not so many that they are no exact number. */
const maxAgeOf = (text: string): { readonly maxAge?: number } => /^\d{1,10}$/.test(text) ? { maxAge: Number(text) } : {}

/** Values without the white space around them; empty ones are left out. */
const toBearer = ({ parameters }: Challenge): BearerChallenge => {
  const value = (name: string) => (parameters.get(name) ?? "").trim()
  const fields = {
    error: printable(value("error"), 100),
    scope: ScopeSet.ofServer(ScopeSet.withoutCommas(value("scope"))) ?? "",
    resourceMetadata: value("resource_metadata"),
    realm: printable(value("realm"), 200),
    acrValues: acrValuesOf(value("acr_values"))
  }
  return {
    ...Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== "")),
    ...maxAgeOf(value("max_age"))
  }
}

/** Errors that more scopes, or another way to authenticate the person, mend. */
const stepUpErrors: ReadonlyArray<string> = ["insufficient_scope", "insufficient_user_authentication"]

/**
 * The `Bearer` challenge to follow: the first that names metadata, else the first. Where one says what the token lacks, its
 * fields replace those of the other. Challenges of other schemes, such as `DPoP`, are ignored.
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
  const named = offered.find(({ resourceMetadata }) => resourceMetadata !== undefined) ?? first
  // A gateway and the server behind it may each have one: what the request lacks is said by one, where to go by another.
  const lacking = offered.find(({ error }) => error !== undefined && stepUpErrors.includes(error))
  return Option.fromNullable(lacking === undefined ? named : { ...named, ...lacking })
}

/** What a challenge wants of the next authentication, as parameters of the request (RFC 9470 section 4). */
export const stepUpParameters = ({ acrValues, maxAge }: BearerChallenge): Readonly<Record<string, string>> => ({
  ...(acrValues !== undefined && { acr_values: acrValues }),
  ...(maxAge !== undefined && { max_age: String(maxAge) })
})
