/**
 * HTTP responses as data, which a listener sends.
 */

/**
 * An HTTP response. The listener adds `Content-Length` and `Connection: close`, and sends no body for `HEAD`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Answer {
  /** The HTTP status code. */
  readonly status: number
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Sent as UTF-8; empty for none. */
  readonly body: string
}

/** Headers of every response: browsers must not cache it, guess its type, or send its address on as a referrer. */
export const guardHeaders: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cross-origin-opener-policy": "same-origin"
}

/** A short plain-text response, for a sender that is not a person's browser. */
export const text = (status: number, body: string, headers?: Readonly<Record<string, string>>): Answer => ({
  status,
  headers: {
    ...guardHeaders,
    "content-type": "text/plain; charset=utf-8",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    ...headers
  },
  body: `${body}\n`
})
