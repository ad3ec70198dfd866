/**
 * Pages that an MCP server asks a person to open (MCP 2025-11-25, URL mode elicitation): which may be shown, and what the
 * person has to know of them. Nothing here is fetched.
 */
import * as Either from "effect/Either"
import type { TaggedErrorClass } from "../TaggedError.ts"
import { printable } from "../text/SafeText.ts"
import { printableError } from "./PrintableError.ts"
import { parseUrl, reachesThisMachine, urlProblem } from "./SecureUrl.ts"
import type { UrlRequest, UrlWarning } from "./UrlRequest.ts"

/**
 * Why a page cannot be shown: the elicitation is of another mode, or names no page; the address is no absolute URL, is longer
 * than 8,192 characters, is neither https nor http, is http elsewhere than on this machine, or holds a user name or password.
 *
 * @since 0.1.0
 * @category errors
 */
export type InvalidElicitationReason = "NotUrlMode" | "NotAUrl" | "TooLong" | "Scheme" | "NotHttps" | "Credentials"

/**
 * The fields of {@link InvalidElicitation}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const InvalidElicitationBase: TaggedErrorClass<"InvalidElicitation", {
  /** Why the page cannot be shown. */
  reason: InvalidElicitationReason
  /** The MCP server that asked. */
  server: string
}> = printableError("InvalidElicitation")

const reasons: Readonly<Record<InvalidElicitationReason, string>> = {
  NotUrlMode: "it names no page",
  NotAUrl: "its address is not an absolute URL",
  TooLong: "its address is too long to be looked at",
  Scheme: "its address is neither https: nor http:",
  NotHttps: "its address is http: and not on this machine, so that others could read and change what is typed there",
  Credentials: "its address holds a user name or password, which can make another site look like a known one"
}

/**
 * A page that a server asked for was not shown, and nothing was opened. The address is not part of the error, because it may
 * hold a secret. A host answers the server's request with the error -32602 (invalid params).
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidElicitation extends InvalidElicitationBase {
  /** What happened, then what to do. */
  override get message(): string {
    return `Cannot show the page that ${this.server} asks for: ${reasons[this.reason]}. Its operator has to look at it`
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

const textOf = (value: unknown, limit: number): string | undefined => {
  const text = typeof value === "string" ? printable(value, limit) : ""
  return text === "" ? undefined : text
}

const checkUrl = (given: unknown): Either.Either<URL, InvalidElicitationReason> => {
  if (typeof given !== "string" && !(given instanceof URL)) return Either.left("NotAUrl")
  if (String(given).length > 8192) return Either.left("TooLong")
  const url = parseUrl(String(given))
  if (url === undefined) return Either.left("NotAUrl")
  const problem = urlProblem(url)
  if (problem !== undefined) return Either.left(problem)
  return url.href.length > 8192 ? Either.left("TooLong") : Either.right(url)
}

const warningsOf = (url: URL): ReadonlyArray<UrlWarning> => [
  ...url.hostname.split(".").some((label) => label.startsWith("xn--")) ? ["Punycode" as const] : [],
  ...reachesThisMachine(url) ? ["ThisMachine" as const] : []
]

const readOne = (given: unknown, serverName: string): Either.Either<UrlRequest, InvalidElicitation> => {
  const failed = (reason: InvalidElicitationReason) =>
    Either.left(new InvalidElicitation({ reason, server: serverName }))
  if (!isObject(given) || (given.mode !== undefined && given.mode !== "url")) return failed("NotUrlMode")
  return Either.match(checkUrl(given.url), {
    onLeft: failed,
    onRight: (url) =>
      Either.right({
        serverName,
        url,
        host: url.host,
        message: textOf(given.message, 1000),
        elicitationId: textOf(given.elicitationId, 256),
        warnings: warningsOf(url)
      })
  })
}

/**
 * The elicitations of an error -32042 (`UrlElicitationRequiredError` of the SDKs), or the one of `elicitation/create`: its
 * parameters, or the whole request, as handlers of the SDKs get it.
 */
const elicitationsOf = (given: unknown): ReadonlyArray<unknown> => {
  if (isObject(given) && given.method === "elicitation/create") return [given.params]
  const data = isObject(given) ? given.data : undefined
  const list = isObject(data) ? data.elicitations : undefined
  return Array.isArray(list) ? list : [given]
}

/**
 * Reads what a server sent: `elicitation/create`, whole or its parameters, or the error -32042 with the pages that have to be
 * visited first. All of it is checked before any of it may be shown.
 *
 * @param serverName The MCP server, as the host of the program calls it. It is made printable.
 */
export const read = (
  given: unknown,
  serverName: string
): Either.Either<ReadonlyArray<UrlRequest>, InvalidElicitation> => {
  const server = printable(serverName, 80) || "a server without a name"
  const elicitations = elicitationsOf(given)
  if (elicitations.length === 0) return Either.left(new InvalidElicitation({ reason: "NotUrlMode", server }))
  return Either.gen(function* () {
    const requests: Array<UrlRequest> = []
    for (const each of elicitations) requests.push(yield* readOne(each, server))
    return requests
  })
}
