/**
 * The `fetch` that the SDK gets for its requests to authorization servers. It keeps what the SDK throws away (the raw
 * documents, and whether a server answered at all), and it gives up once for a whole step.
 */
import type { Outcome } from "../core/mcp/Fault.ts"
import type { Document } from "../core/mcp/Metadata.ts"
import { withoutNulls } from "../core/mcp/TokenResponse.ts"
import type { FetchLike } from "./FetchLike.ts"

/** One step's requests. */
export interface Recorder {
  readonly fetch: FetchLike
  /** What became of the last request. */
  readonly outcome: () => Outcome
}

/** Metadata and tokens are a few KiB. */
const maxBytes = 1024 * 1024

/** The text of an answer; longer ones are cut, and so become no JSON. */
const readText = async (response: Response): Promise<string> => {
  if (response.body === null) return ""
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let text = ""
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.byteLength
    if (bytes > maxBytes) {
      await reader.cancel()
      return ""
    }
    text += decoder.decode(value, { stream: true })
  }
}

const documentOf = (text: string): Document | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Document : undefined
  } catch {
    return undefined
  }
}

/** The answer as the SDK understands it: what is no JSON object is not there, and an error is an error. */
const forSdk = (status: number, document: Document | undefined, headers: Headers): Response => {
  const location = headers.get("location")
  const kept: Record<string, string> = { "content-type": "application/json", ...(location !== null && { location }) }
  if (document === undefined) return new Response(null, { status: status < 300 ? 404 : status, headers: kept })
  const failed = status < 300 && typeof document.error === "string"
  return new Response(JSON.stringify(withoutNulls(document)), { status: failed ? 400 : status, headers: kept })
}

/**
 * The request with a body that is sent once. Deno's `fetch` sends a text a second time, by itself, when a connection that
 * it used before breaks, and a code or a refresh token is then spent twice; a `Blob` it does not.
 */
const once = (init: RequestInit | undefined): RequestInit =>
  init?.body === undefined || init.body === null ? { ...init } : { ...init, body: new Blob([String(init.body)]) }

/**
 * Requests of one step. After one could not be sent, or was cut, every later one fails at once with the same error: the
 * SDK takes a failure for "not published here", and would go on to somewhere else.
 */
export const record = (base: FetchLike, signal: AbortSignal): Recorder => {
  let outcome: Outcome = { _tag: "NotSent" }
  let broken: { readonly error: unknown } | undefined
  const send: FetchLike = async (input, init) => {
    if (broken !== undefined) throw broken.error
    // A caller's own `fetch` may not look at the signal.
    signal.throwIfAborted()
    const url = String(input)
    // Until an answer says otherwise.
    outcome = { _tag: "Failed", url }
    try {
      const response = await base(input, { redirect: "manual", ...once(init), signal })
      const document = documentOf(await readText(response))
      outcome = {
        _tag: "Answered",
        url,
        status: response.status,
        ...(document !== undefined && { document })
      }
      // "Later" is no "not here".
      if (response.status === 408 || response.status === 429) broken = { error: new TypeError("too many requests") }
      return forSdk(response.status, document, response.headers)
    } catch (error) {
      broken = { error }
      throw error
    }
  }
  return { fetch: send, outcome: () => outcome }
}
