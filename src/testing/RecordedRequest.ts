/**
 * A request to a test server, as data.
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http"

/**
 * A request as it came in, and what it was answered.
 *
 * @since 0.1.0
 * @category models
 */
export interface RecordedRequest<Endpoint extends string = string> {
  /** Which part of the server it was for. */
  readonly endpoint: Endpoint
  /** Its method, such as `POST`. */
  readonly method: string
  /** Path and query as they were sent. */
  readonly target: string
  /** The path alone. */
  readonly path: string
  /** Its headers, by their names in lower case. */
  readonly headers: IncomingHttpHeaders
  /** The fields of a form, or else of the query. */
  readonly params: URLSearchParams
  /** The body as it was sent; empty where the body is left to a handler of yours. */
  readonly text: string
  /** The body when it is JSON, `undefined` otherwise. */
  readonly body: unknown
  /** The status of the answer; `undefined` until there is one, and for ever when a fault withheld it. */
  status: number | undefined
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const bodyLimit = 1024 * 1024

const readText = async (request: IncomingMessage): Promise<string> => {
  request.setEncoding("utf8")
  let text = ""
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > bodyLimit) throw new Error("the body is too large")
  }
  return text
}

/** Reads a request whole; `leaveBody`: without its body, which somebody else reads. */
export const read = async <Endpoint extends string>(
  endpoint: Endpoint,
  request: IncomingMessage,
  { leaveBody = false }: { readonly leaveBody?: boolean } = {}
): Promise<RecordedRequest<Endpoint>> => {
  const url = new URL(request.url ?? "/", "http://127.0.0.1")
  const text = leaveBody ? "" : await readText(request)
  const isForm = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true
  return {
    endpoint,
    method: request.method ?? "",
    target: request.url ?? "/",
    path: url.pathname,
    headers: request.headers,
    params: isForm && !leaveBody ? new URLSearchParams(text) : url.searchParams,
    text,
    body: jsonOf(text),
    status: undefined
  }
}

/** A parameter that came twice; only `resource` may (RFC 6749, section 3.2; RFC 8707, section 2). */
export const repeatedIn = (params: URLSearchParams): string | undefined =>
  [...new Set(params.keys())].find((name) => name !== "resource" && params.getAll(name).length > 1)
