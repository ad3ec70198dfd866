/**
 * Reading a `Request` into a URL and options, so that it can be sent more than once.
 */
import { InvalidRequest } from "../core/mcp/InvalidRequest.ts"

/** A request as a URL and options. */
export interface RequestParts {
  readonly url: URL
  readonly init: RequestInit
}

/** What a `Request` has beside its URL, its body and its signal; a runtime may lack some of it. */
const names = [
  "method",
  "headers",
  "redirect",
  "keepalive",
  "cache",
  "credentials",
  "integrity",
  "mode",
  "referrer",
  "referrerPolicy"
] as const

// A Request that is not referenced may be garbage-collected, and then its signal is told of no abort any more (Node 20).
const requests = new WeakMap<AbortSignal, Request>()

// A polyfill's request may have none.
const isSignal = (signal: unknown): signal is AbortSignal => typeof signal === "object" && signal !== null

const given = (init: RequestInit): RequestInit =>
  Object.fromEntries(Object.entries(init).filter(([, value]) => value !== undefined))

/**
 * A request and the options beside it, read as the Fetch Standard does it ("new Request(input, init)"): what the options
 * have comes first, their headers instead of all headers of the request. `signal: null` takes the signal away; a body
 * that is `null` or absent leaves the request its own, which is used up then.
 *
 * What a runtime keeps hidden in a `Request`, such as the dispatcher of Node or the client of Deno, cannot be read: it has to
 * be among the options.
 *
 * @throws InvalidRequest When the body was used already, or is being read.
 */
const readRequest = (request: Request, init: RequestInit): RequestParts => {
  const { body: ownBody, signal: ownSignal, ...options } = given(init)
  const parts: RequestInit = Object.fromEntries(
    names.map((name) => [name, request[name]]).filter(([, value]) => value !== undefined)
  )
  // Only a browser makes such a request; `fetch` refuses the mode.
  if (request.mode === "navigate") delete parts.mode
  Object.assign(parts, options)
  if (ownSignal !== undefined) parts.signal = ownSignal
  else if (isSignal(request.signal)) {
    requests.set(request.signal, request)
    parts.signal = request.signal
  }
  if (ownBody !== undefined && ownBody !== null) parts.body = ownBody
  else if (request.body !== null) {
    if (request.bodyUsed || request.body.locked) {
      throw new InvalidRequest(
        "Cannot fetch: the body of the Request was used already. Make a new Request, or clone it before"
      )
    }
    Object.assign(parts, { body: request.body, duplex: "half" })
  }
  return { url: parse(request.url), init: parts }
}

const parse = (url: string | URL): URL => {
  try {
    return new URL(url)
  } catch {
    throw new InvalidRequest("Cannot fetch: the URL is not an absolute one. Pass one such as https://example.com/mcp")
  }
}

/**
 * What `fetch` was called with, as a URL and options. A `Request` of another realm is one too; a `URL` has an `href`, and no
 * `url`.
 *
 * @throws InvalidRequest When it cannot be sent.
 */
export const readInput = (input: string | URL | Request, init: RequestInit): RequestParts =>
  typeof input === "object" && input !== null && "url" in input ? readRequest(input, init) : { url: parse(input), init }
