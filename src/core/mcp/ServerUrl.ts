/**
 * The address of an MCP server, as tokens are asked for it and sent to it.
 */
import * as Data from "effect/Data"
import * as Either from "effect/Either"
import type { TaggedErrorClass } from "../TaggedError.ts"
import { isSecure, parseUrl } from "./SecureUrl.ts"

/** Why a server's address cannot be used. */
export type InvalidServerUrlReason = "NotAUrl" | "Scheme" | "NotHttps" | "Credentials"

const InvalidServerUrlBase: TaggedErrorClass<"InvalidServerUrl", {
  reason: InvalidServerUrlReason
}> = Data.TaggedError("InvalidServerUrl")

const reasons: Readonly<Record<InvalidServerUrlReason, string>> = {
  NotAUrl: "it is not an absolute URL. Pass one such as https://example.com/mcp",
  Scheme: "only https: and http: servers can be signed in to",
  NotHttps: "it is http: and not on this machine, so everybody on the way could read the token. Use https:",
  Credentials: "it holds a user name or password. Leave them out: the sign-in brings a token"
}

/** The address of the server cannot be used. The address itself is not kept: it may hold a password. */
export class InvalidServerUrl extends InvalidServerUrlBase {
  /** What happened, then what to do. */
  override get message(): string {
    return `Cannot use serverUrl: ${reasons[this.reason]}`
  }
}

/** Reads a server's address; the fragment is dropped, which no request carries. */
export const parse = (serverUrl: string | URL): Either.Either<URL, InvalidServerUrl> => {
  const url = parseUrl(String(serverUrl))
  if (url === undefined) return Either.left(new InvalidServerUrl({ reason: "NotAUrl" }))
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return Either.left(new InvalidServerUrl({ reason: "Scheme" }))
  }
  if (url.username !== "" || url.password !== "") return Either.left(new InvalidServerUrl({ reason: "Credentials" }))
  if (!isSecure(url)) return Either.left(new InvalidServerUrl({ reason: "NotHttps" }))
  url.hash = ""
  return Either.right(url)
}

/** The address as errors and spans write it: a query may hold a key. */
export const display = ({ origin, pathname }: URL): string => `${origin}${pathname}`

/**
 * The canonical identifier of a server that publishes none, for RFC 8707: without a query, which may hold a key, and a
 * bare host without its slash.
 */
export const resourceOf = (server: URL): string => server.pathname === "/" ? server.origin : display(server)
