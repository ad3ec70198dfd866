/**
 * The URL of an MCP server: how it is checked, shown, and named as a resource.
 */
import * as Data from "effect/Data"
import * as Either from "effect/Either"
import type { TaggedErrorClass } from "../TaggedError.ts"
import { parseUrl, urlProblem } from "./SecureUrl.ts"

/**
 * Why the URL of a server cannot be used: it is not an absolute URL, neither http nor https, http elsewhere than on this
 * machine, or has a user name or password in it.
 *
 * @since 0.1.0
 * @category errors
 */
export type InvalidServerUrlReason = "NotAUrl" | "Scheme" | "NotHttps" | "Credentials"

/**
 * The fields of {@link InvalidServerUrl}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const InvalidServerUrlBase: TaggedErrorClass<"InvalidServerUrl", {
  /** What is wrong with the URL. */
  reason: InvalidServerUrlReason
}> = Data.TaggedError("InvalidServerUrl")

const reasons: Readonly<Record<InvalidServerUrlReason, string>> = {
  NotAUrl: "it is not an absolute URL. Pass one such as https://example.com/mcp",
  Scheme: "only https: and http: servers can be signed in to",
  NotHttps: "it is http: and not on this machine, so everybody on the way could read the token. Use https:",
  Credentials: "it holds a user name or password. Leave them out: the sign-in brings a token"
}

/**
 * The URL of the server cannot be used. It is not part of the error, because it may hold a password.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidServerUrl extends InvalidServerUrlBase {
  /** What happened, then what to do. */
  override get message(): string {
    return `Cannot use serverUrl: ${reasons[this.reason]}`
  }
}

/** Reads the URL of a server, without its fragment. @returns `Left` with why it cannot be used. */
export const parse = (serverUrl: string | URL): Either.Either<URL, InvalidServerUrl> => {
  const url = parseUrl(String(serverUrl))
  if (url === undefined) return Either.left(new InvalidServerUrl({ reason: "NotAUrl" }))
  const problem = urlProblem(url)
  if (problem !== undefined) return Either.left(new InvalidServerUrl({ reason: problem }))
  url.hash = ""
  return Either.right(url)
}

/** The URL as errors and spans show it: without the query, which may hold a key. */
export const display = ({ origin, pathname }: URL): string => `${origin}${pathname}`

/**
 * The resource identifier (RFC 8707) of a server that publishes none: its URL without the query, which may hold a key, and
 * without the slash of an empty path.
 */
export const resourceOf = (server: URL): string => server.pathname === "/" ? server.origin : display(server)
