/**
 * Answers of the test servers, as data.
 */
import type { OutgoingHttpHeaders, ServerResponse } from "node:http"
import type { RecordedRequest } from "./RecordedRequest.ts"

/**
 * A JSON document.
 *
 * @since 0.1.0
 * @category models
 */
export type JsonDocument = Readonly<Record<string, unknown>>

/**
 * What a server says.
 *
 * @since 0.1.0
 * @category models
 */
export interface Answer {
  /** The HTTP status. */
  readonly status: number
  /** Headers beside those that its body needs. @default none */
  readonly headers?: OutgoingHttpHeaders
  /** An object is sent as JSON, a text as HTML unless the headers say otherwise. @default none */
  readonly body?: object | string
  /** Sent piece by piece instead of a body. @default none */
  readonly stream?: AsyncIterable<string>
}

/** Text for HTML. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** A page for a person, which is what a server shows when it does not trust the redirect URI. */
export const page = (status: number, title: string, html = ""): Answer => ({
  status,
  headers: { "content-security-policy": "default-src 'none'; frame-ancestors 'none'" },
  body: `<!DOCTYPE html>\n<title>${escapeHtml(title)}</title>\n<h1>${escapeHtml(title)}</h1>\n${html}`
})

/** The answer of an address that is not there. */
export const notFound: Answer = { status: 404, body: { error: "not found" } }

/** An error of RFC 6749, section 5.2. */
export const oauthError = (error: string, description: string, status = 400): Answer => ({
  status,
  body: { error, error_description: description }
})

/** Sends an answer, and writes its status down. */
export const send = async (recorded: RecordedRequest, response: ServerResponse, answer: Answer): Promise<void> => {
  if (response.destroyed) return
  const { body = "", headers = {}, status, stream } = answer
  recorded.status = status
  const type = typeof body === "string" ? "text/html; charset=utf-8" : "application/json"
  response.writeHead(status, {
    "cache-control": "no-store",
    ...(body === "" ? {} : { "content-type": type }),
    ...headers
  })
  if (stream === undefined) {
    response.end(typeof body === "string" ? body : JSON.stringify(body))
    return
  }
  response.flushHeaders()
  for await (const piece of stream) {
    if (response.destroyed) return
    response.write(piece)
  }
  response.end()
}
