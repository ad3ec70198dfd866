/**
 * The `fetch` that the MCP SDK sends its requests to authorization servers with. It records what the SDK drops: the raw
 * documents, and whether a server answered at all. After one failure it refuses the rest of a step.
 */
import type { Outcome } from "../core/mcp/Fault.ts"
import type { Document } from "../core/mcp/Metadata.ts"
import { withoutNulls } from "../core/mcp/TokenResponse.ts"
import type { FetchLike } from "./FetchLike.ts"

/** Sends and records the requests of one step. */
export interface Recorder {
  readonly fetch: FetchLike
  /** How the last request ended. */
  readonly outcome: () => Outcome
}

/** How much of a response is read, in bytes. Metadata and tokens have a few KiB. */
const maxBytes = 1024 * 1024

/** The text of a response; empty for one that is too long, so that it is not read as JSON. */
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

/** How deep a document may be nested. Those of OAuth have a handful of levels, and very deep ones cannot be written again. */
const maxDepth = 100

/** How deep the arrays and objects of a JSON text are nested. It is told without reading the text, which may fail. */
const depthOf = (json: string): number => {
  let depth = 0
  let deepest = 0
  let isInString = false
  for (let at = 0; at < json.length; at++) {
    const sign = json[at]
    if (sign === '"') isInString = !isInString
    else if (isInString && sign === "\\") at++
    else if (!isInString && (sign === "{" || sign === "[")) deepest = Math.max(deepest, ++depth)
    else if (!isInString && (sign === "}" || sign === "]")) depth--
  }
  return deepest
}

const documentOf = (text: string): Document | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Document : undefined
  } catch {
    return undefined
  }
}

/**
 * The response in a form that the SDK reads rightly: it has status 404 instead of a success without a JSON object, and 400
 * instead of a success with an `error` in it.
 */
const forSdk = (status: number, document: Document | undefined, headers: Headers): Response => {
  const location = headers.get("location")
  const kept: Record<string, string> = { "content-type": "application/json", ...(location !== null && { location }) }
  if (document === undefined) return new Response(null, { status: status < 300 ? 404 : status, headers: kept })
  const failed = status < 300 && typeof document.error === "string"
  return new Response(JSON.stringify(withoutNulls(document)), { status: failed ? 400 : status, headers: kept })
}

/**
 * The request with a body that the runtime sends only once. When a reused connection breaks, Deno's `fetch` sends a text
 * body again by itself, and a code or refresh token would be spent twice. It does not do so with a `Blob`.
 */
const sentOnce = (init: RequestInit | undefined): RequestInit =>
  init?.body === undefined || init.body === null ? { ...init } : { ...init, body: new Blob([String(init.body)]) }

/**
 * Sends and records the requests of one step. After one that brought no response, or the response "try again later", every
 * further request fails at once with the same error: the SDK takes a failure for "not published here", and would go on to
 * ask elsewhere.
 */
export const record = (base: FetchLike, signal: AbortSignal): Recorder => {
  let outcome: Outcome = { _tag: "NotSent" }
  let broken: { readonly error: unknown } | undefined
  const send: FetchLike = async (input, init) => {
    if (broken !== undefined) throw broken.error
    // A `fetch` of the caller may ignore the signal.
    signal.throwIfAborted()
    const url = String(input)
    // Replaced when there is a response.
    outcome = { _tag: "Failed", url }
    try {
      const response = await base(input, { redirect: "manual", ...sentOnce(init), signal })
      const text = await readText(response)
      const isDeep = depthOf(text) > maxDepth
      const document = isDeep ? undefined : documentOf(text)
      const isTooDeep = isDeep && response.status < 300
      outcome = {
        _tag: "Answered",
        url,
        status: response.status,
        ...(document !== undefined && { document }),
        ...(isTooDeep && { isTooDeep })
      }
      // Nor does a document that cannot be used.
      if (isTooDeep) broken = { error: new TypeError("nested too deep") }
      // "Try again later" does not mean "not published here".
      if (response.status === 408 || response.status === 429) broken = { error: new TypeError("too many requests") }
      return forSdk(response.status, document, response.headers)
    } catch (error) {
      broken = { error }
      throw error
    }
  }
  return { fetch: send, outcome: () => outcome }
}
