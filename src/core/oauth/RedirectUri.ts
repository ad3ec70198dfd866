/**
 * Loopback redirect URIs (RFC 8252 sections 7.3 and 8.3): their parts, their checks, and the values of `Host` that a
 * request to one may have.
 */
import * as Either from "effect/Either"
import { isBlockedByBrowsers } from "./LoopbackPort.ts"
import { quoted } from "../text/quoted.ts"
import { printable } from "../text/SafeText.ts"

/**
 * How the loopback address is written in the redirect URI (RFC 8252 section 7.3).
 *
 * @since 0.1.0
 * @category models
 */
export type LoopbackHost = "127.0.0.1" | "localhost" | "[::1]"

/** Where the browser is redirected to. */
export interface Callback {
  readonly host: LoopbackHost
  /** Path of the redirect URI as a request has it: percent-encoded, starting with `/`. */
  readonly path: string
  /** Ports to try, in order, without those that no browser opens; `0` is any free port. */
  readonly ports: ReadonlyArray<number>
}

const loopbackHosts: ReadonlyArray<string> = ["127.0.0.1", "localhost", "[::1]"]

const defaultPorts: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" }

const isPort = (port: unknown): port is number =>
  typeof port === "number" && Number.isInteger(port) && port >= 0 && port <= 65535

/** Whether the URL parser leaves a path unchanged: then a browser requests exactly this path. */
const isPlainPath = (path: unknown): path is string => {
  if (typeof path !== "string" || !path.startsWith("/") || path.startsWith("//")) return false
  const url = `http://127.0.0.1${path}`
  return URL.canParse(url) && new URL(url).href === url && !path.includes("?") && !path.includes("#")
}

/**
 * Checks the caller's options.
 *
 * @returns `Right` with the defaults filled in (`127.0.0.1`, `/callback`, port 0), or `Left` with one sentence on what is
 * wrong and what would be right.
 */
export const callback = (options: {
  readonly host?: LoopbackHost | undefined
  readonly path?: string | undefined
  readonly port?: number | ReadonlyArray<number> | undefined
}): Either.Either<Callback, string> => {
  const { host = "127.0.0.1", path = "/callback", port = 0 } = options
  const ports = typeof port === "object" && port !== null ? Array.from(port) : [port]
  if (!loopbackHosts.includes(host)) {
    return Either.left(`host ${quoted(host)} is not "127.0.0.1", "localhost" or "[::1]"`)
  }
  if (!isPlainPath(path)) {
    return Either.left(
      `path ${quoted(path)} is not a plain path. Use one like "/callback", percent-encoded, without query`
    )
  }
  if (ports.length === 0) return Either.left("the list of ports is empty. Name at least one, or 0 for any free one")
  const wrong = ports.findIndex((port) => !isPort(port))
  if (wrong >= 0) {
    const port: unknown = ports[wrong]
    const written = typeof port === "string" ? JSON.stringify(port) : String(port)
    return Either.left(`port ${written} is not a whole number from 0 to 65535`)
  }
  const open = ports.filter((port) => port === 0 || !isBlockedByBrowsers(port))
  if (open.length === 0) {
    return Either.left(
      `no browser opens port ${
        ports.join(" or ")
      }, which belongs to another protocol. Use another one, or 0 for any free one`
    )
  }
  return Either.right({ host, path, ports: open })
}

/** `http://{host}:{port}{path}`. RFC 8252 section 8.3 allows `http`, since the request never leaves the machine. */
export const make = (callback: Callback, port: number): string => `http://${callback.host}:${port}${callback.path}`

/**
 * Checks a redirect URI that the caller has made, for a forwarded port or an https proxy.
 *
 * @returns `Right` with its parsed form, or `Left` with one sentence.
 */
export const parse = (redirectUri: unknown): Either.Either<URL, string> => {
  if (typeof redirectUri !== "string" || !URL.canParse(redirectUri)) {
    return Either.left("redirectUri did not return an absolute URL")
  }
  const url = new URL(redirectUri)
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return Either.left(
      `redirectUri returned the scheme ${JSON.stringify(printable(url.protocol, 50))}; it must be https: or http:`
    )
  }
  if (redirectUri.includes("#")) {
    return Either.left("redirectUri returned a URL with a fragment, which RFC 6749 section 3.1.2 forbids")
  }
  if (isBlockedByBrowsers(Number(url.port === "" ? defaultPorts[url.protocol] : url.port))) {
    return Either.left(`redirectUri returned a URL with the port ${url.port}, which no browser opens`)
  }
  const taken = ["state", "code", "iss", "error"].find((name) => url.searchParams.has(name))
  if (taken !== undefined) {
    return Either.left(
      `redirectUri returned a URL with the parameter ${JSON.stringify(taken)}, which the answer carries`
    )
  }
  return Either.right(url)
}

/** Whether a URL names this machine by a loopback name. */
export const isLoopback = ({ hostname }: Pick<URL, "hostname">): boolean => loopbackHosts.includes(hostname)

/** Whether a redirect URI leads to this machine without TLS: to a listener here, or to another program on its port. */
export const isLoopbackRedirect = (url: Pick<URL, "protocol" | "hostname">): boolean =>
  url.protocol === "http:" && isLoopback(url)

/**
 * The values of `Host`, in lower case, that name the host of a redirect URI: its port may be left out when it is the
 * default of the scheme.
 */
export const hostsOf = (
  { hostname, port, protocol }: Pick<URL, "protocol" | "hostname" | "port">
): ReadonlySet<string> => {
  const defaultPort = defaultPorts[protocol] ?? ""
  const withPort = `${hostname}:${port === "" ? defaultPort : port}`
  return new Set(port === "" || port === defaultPort ? [hostname, withPort] : [withPort])
}

/**
 * Whether a `Host` names this machine by a loopback name, whatever its port: a forwarded port may have another number than
 * the listener. No other host can be made to resolve to these names (DNS rebinding works with names of one's own).
 *
 * @param host - In lower case.
 */
export const isLoopbackHost = (host: string): boolean => {
  const [, name = "", port] = /^(127\.0\.0\.1|localhost|\[::1\])(?::(\d{1,5}))?$/.exec(host) ?? []
  return name !== "" && (port === undefined || (Number(port) > 0 && Number(port) <= 65535))
}
