/**
 * One request as a browser makes it when it goes to a page.
 */
import * as Http from "node:http"
import * as Https from "node:https"

/**
 * The browser stand-in did not get where it was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class BrowserError extends Error {
  /** Tells it apart from other errors. */
  readonly _tag = "BrowserError"

  /** With a sentence without secrets. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = "BrowserError"
  }
}

/**
 * Options of {@link requestAsBrowser}.
 *
 * @since 0.1.0
 * @category options
 */
export interface BrowserRequestOptions {
  /** A form to send by POST. @default none: GET */
  readonly form?: URLSearchParams | undefined
  /** Headers beside those of a navigation, or in their place. @default none */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Milliseconds of the machine's clock until it gives up. @default 15000, since the callback holds its page for up to 10 */
  readonly timeout?: number | undefined
  /** Gives up when it aborts. @default none */
  readonly signal?: AbortSignal | undefined
}

/**
 * What came back.
 *
 * @since 0.1.0
 * @category models
 */
export interface BrowserResponse {
  /** The HTTP status. */
  readonly status: number
  /** Its headers, by their names in lower case. */
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  /** The body as text. */
  readonly body: string
}

// What Chrome sends when the page of one site leads to another.
const navigation = {
  "accept": "text/html,application/xhtml+xml,*/*;q=0.8",
  "sec-fetch-dest": "document",
  "sec-fetch-mode": "navigate",
  "sec-fetch-site": "cross-site",
  "upgrade-insecure-requests": "1",
  "user-agent": "Mozilla/5.0 (effect-oauth-callback/testing)"
}

// Taken when this file is loaded: where a test replaces the timers of the machine, a request must still end.
const { clearTimeout, setTimeout } = globalThis

/**
 * Sends one request with the headers that a browser sends when it goes to a page, and gives the answer as it is: redirects
 * are not followed. `fetch` sends others, by which the callback tells that it is no person's browser (403).
 *
 * The connection is its own and is closed, so that whoever counts sockets counts none of it. Rejects with
 * {@link BrowserError} when there is no answer.
 *
 * @example
 * ```ts
 * import { startAuthorizationServer, requestAsBrowser } from "effect-oauth-callback/testing"
 *
 * const { close, issuer } = await startAuthorizationServer()
 * const { status } = await requestAsBrowser(`${issuer}/authorize?client_id=nobody`)
 * console.log(status) // 400
 * await close()
 * ```
 *
 * @since 0.1.0
 * @category browser
 */
export const requestAsBrowser = (
  address: URL | string,
  { form, headers, signal, timeout = 15_000 }: BrowserRequestOptions = {}
): Promise<BrowserResponse> => {
  const url = new URL(address)
  const where = `${url.origin}${url.pathname}`
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", onAbort)
      sent.destroy()
    }
    const fail = (reason: string, cause?: unknown) => {
      end()
      reject(new BrowserError(`The browser cannot open ${where}: ${reason}`, { cause }))
    }
    const onAbort = () => fail("it was told to give up", signal?.reason)
    const sent = (url.protocol === "https:" ? Https : Http).request(url, {
      agent: false,
      method: form === undefined ? "GET" : "POST",
      headers: {
        ...navigation,
        ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
        ...headers
      }
    }, (response) => {
      let body = ""
      response.setEncoding("utf8")
      response.on("data", (text: string) => {
        body += text
      })
      response.once("error", (cause: Error) => fail(cause.message, cause))
      response.once("end", () => {
        end()
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
      })
    })
    // A timer takes a longer wait for none.
    const timer = setTimeout(() => fail(`no answer within ${timeout} ms`), Math.min(timeout, 2 ** 31 - 1))
    signal?.addEventListener("abort", onAbort)
    sent.on("error", (cause: Error) => fail(cause.message, cause))
    sent.end(form?.toString())
    if (signal?.aborted === true) onAbort()
  })
}
