/**
 * One request of a sign-in: for a document that a server publishes, or to an endpoint of an authorization server. It has a
 * time-limit, is sent once, and leaves the server's origin by no redirect.
 */
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fault from "../core/mcp/Fault.ts"
import * as ResponseDocument from "../core/mcp/ResponseDocument.ts"
import * as RetryAfter from "../core/mcp/RetryAfter.ts"
import { endAfter } from "../effect/endAfter.ts"
import type { ServerEnvironment } from "./Environment.ts"
import type { FetchLike } from "./FetchLike.ts"
import { readText } from "./readText.ts"

/** What of the environment a request needs. */
type Sending = Pick<ServerEnvironment, "fetch" | "requestTimeout">

/** How a request is sent, and its response read. */
interface ServerRequest {
  readonly url: string
  readonly init?: RequestInit
  /** @default the option `requestTimeout` */
  readonly limit?: Duration.Duration
  /** @default JSON */
  readonly read?: (text: string) => ResponseDocument.Reading
}

/** How much of a response is read, in bytes. Metadata and tokens have a few KiB. */
const maxBytes = 1024 * 1024

/**
 * A body that the runtime sends only once. When a reused connection breaks, Deno's `fetch` sends a text body again by
 * itself, and a code or refresh token would be spent twice. It does not do so with a `Blob`.
 */
const sentOnce = (init: RequestInit): RequestInit =>
  init.body === undefined || init.body === null ? init : { ...init, body: new Blob([String(init.body)]) }

const maxRedirects = 5

/** Where a redirect leads within the origin, where the request stays the same there: a GET, or one that keeps its body. */
const redirectOf = ({ headers, status }: Response, from: string, { body }: RequestInit): string | undefined => {
  const followed = body === undefined || body === null ? [301, 302, 303, 307, 308] : [307, 308]
  const location = headers.get("location")
  if (location === null || !followed.includes(status) || !URL.canParse(location, from)) return undefined
  const to = new URL(location, from)
  return to.origin === new URL(from).origin && to.username === "" && to.password === "" ? to.href : undefined
}

const exchange = async (base: FetchLike, url: string, init: RequestInit, signal: AbortSignal): Promise<Response> => {
  let at = url
  for (let hop = 0;; hop++) {
    // A `fetch` of the caller may ignore the signal.
    signal.throwIfAborted()
    const response = await base(at, { ...sentOnce(init), redirect: "manual", signal })
    const next = hop < maxRedirects ? redirectOf(response, at, init) : undefined
    if (next === undefined) return response
    await response.body?.cancel()
    at = next
  }
}

/** Sends a request. It never fails: what became of it is told by the outcome. */
export const send = (
  { fetch, requestTimeout }: Sending,
  { init = {}, limit = requestTimeout, read = ResponseDocument.ofJson, url }: ServerRequest
): Effect.Effect<Fault.Outcome> => {
  const answered = Effect.tryPromise({
    try: async (signal) => {
      const response = await exchange(fetch, url, init, signal)
      // Empty where it is too long, so that it is not read as JSON.
      return { response, text: await readText(response.body, maxBytes) ?? "" }
    },
    catch: (error): Fault.Outcome => ({ _tag: "Failed", url, error })
  })
  const outcome = Effect.zipWith(answered, Clock.currentTimeMillis, ({ response, text }, now): Fault.Outcome => {
    const { headers, status } = response
    const reading = read(text)
    const retryAfter = RetryAfter.read(status, headers.get("retry-after"), now, Date.parse)
    const isWebPage = reading.document === undefined && Fault.isWebPage(headers.get("content-type"), text)
    return {
      _tag: "Answered",
      url,
      status,
      ...reading,
      ...(retryAfter !== undefined && { retryAfter }),
      ...(isWebPage && { isWebPage })
    }
  })
  return endAfter(
    Effect.catchAll(outcome, Effect.succeed),
    limit,
    Effect.succeed<Fault.Outcome>({ _tag: "TimedOut", url })
  )
}

/** The version that both SDKs name when they ask for metadata, which servers may heed. */
const protocolVersion = "2025-11-25"

/** Asks for a document that a server publishes. */
export const get = (env: Sending, url: string): Effect.Effect<Fault.Outcome> =>
  send(env, { url, init: { headers: { accept: "application/json", "mcp-protocol-version": protocolVersion } } })

/** Sends a form to an endpoint of an authorization server; the answer may be a form too. */
export const postForm = (
  env: Sending,
  url: string,
  headers: Readonly<Record<string, string>>,
  form: URLSearchParams,
  limit?: Duration.Duration
): Effect.Effect<Fault.Outcome> =>
  send(env, {
    url,
    init: {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json", ...headers },
      body: form.toString()
    },
    read: ResponseDocument.ofJsonOrForm,
    ...(limit !== undefined && { limit })
  })

/** Sends a document to an endpoint of an authorization server. */
export const postJson = (env: Sending, url: string, document: object): Effect.Effect<Fault.Outcome> =>
  send(env, {
    url,
    init: {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(document)
    }
  })
