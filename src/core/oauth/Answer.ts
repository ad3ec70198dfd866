/**
 * What a listener sends back: data, whole, with every header that matters.
 */

/** An HTTP response. The listener adds `Content-Length` and `Connection: close`, and leaves the body out for `HEAD`. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** On every answer: nothing is stored, framed, sniffed, fetched, or told to the next site. */
export const guardHeaders: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cross-origin-opener-policy": "same-origin"
}

/** A short plain text, for what is no person's browser. */
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
