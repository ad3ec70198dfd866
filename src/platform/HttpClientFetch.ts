/**
 * An `HttpClient` of `@effect/platform` as a `fetch`.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Cookies from "@effect/platform/Cookies"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import { type HttpClientError, isHttpClientError, ResponseError } from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type { HttpClientResponse } from "@effect/platform/HttpClientResponse"
import type { HttpMethod } from "@effect/platform/HttpMethod"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import { onAbort } from "../effect/onAbort.ts"
import type { FetchLike } from "../mcp/FetchLike.ts"

/**
 * What `fetch` rejects with: a `TypeError`, with the cause that has the code of the system. The error of the client is left
 * out, for it holds the request, with its token.
 */
const rejection = (error: unknown): TypeError => {
  const cause = isHttpClientError(error) ? error.cause : error
  return cause instanceof TypeError ? cause : new TypeError("fetch failed", cause === undefined ? undefined : { cause })
}

/**
 * A body as it is sent. Bytes where that is possible, so that the client can send them again; a stream is sent as it comes.
 */
const bodyOf = async (
  body: NonNullable<RequestInit["body"]>,
  contentType: string | null
): Promise<HttpBody.HttpBody> => {
  if (body instanceof ReadableStream) {
    return HttpBody.stream(Stream.fromReadableStream(() => body, (cause) => cause), contentType ?? undefined)
  }
  // It knows each kind of body, and its content type.
  const read = new Response(body)
  const bytes = new Uint8Array(await read.arrayBuffer())
  // Raw, because a body of another kind sets `content-length`: see `requestOf`.
  return HttpBody.raw(bytes, { contentType: contentType ?? read.headers.get("content-type") ?? undefined })
}

const requestOf = async (url: string | URL, init: RequestInit): Promise<HttpClientRequest.HttpClientRequest> => {
  const headers = new Headers(init.headers)
  // Before 0.97, `FetchHttpClient` passes it on, and Node's `fetch` refuses it.
  headers.delete("content-length")
  const method = (init.method ?? "GET").toUpperCase() as HttpMethod
  // As text: from a URL the client would take the query apart, and write it anew.
  const request = HttpClientRequest.make(method as "POST")(String(url))
  const { body } = init
  const contentType = headers.get("content-type")
  return HttpClientRequest.setHeaders(
    body === undefined || body === null ? request : HttpClientRequest.setBody(request, await bodyOf(body, contentType)),
    headers
  )
}

/** The bytes of a response as they come. Nothing is read before the consumer asks for it. */
const readable = (
  stream: Stream.Stream<Uint8Array, HttpClientError>,
  runtime: Runtime.Runtime<never>,
  signal: AbortSignal | undefined
): ReadableStream<Uint8Array> => {
  // A response without a body is an error of its stream.
  const bytes = Stream.catchAll(
    stream,
    (error) =>
      error._tag === "ResponseError" && error.reason === "EmptyBody" ? Stream.empty : Stream.fail(rejection(error))
  )
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  const opened = () => (reader ??= Stream.toReadableStreamRuntime(bytes, runtime).getReader())
  let forgetSignal = () => {}
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      if (signal === undefined) return
      forgetSignal = onAbort(signal, () => {
        controller.error(signal.reason)
        opened().cancel(signal.reason).catch(() => {})
      })
    },
    pull: async (controller) => {
      try {
        const { done, value } = await opened().read()
        if (!done) return controller.enqueue(value)
        forgetSignal()
        controller.close()
      } catch (error) {
        forgetSignal()
        controller.error(error)
      }
    },
    cancel: (reason) => {
      forgetSignal()
      return opened().cancel(reason)
    }
  }, { highWaterMark: 0 })
}

const headersOf = ({ cookies, headers }: HttpClientResponse): Headers => {
  const setCookies = Cookies.toSetCookieHeaders(cookies)
  // Of several cookies the headers of the client have one.
  if (setCookies.length === 0) return new Headers(headers)
  const { "set-cookie": _, ...others } = headers
  const all = new Headers(others)
  for (const each of setCookies) all.append("set-cookie", each)
  return all
}

/** Statuses whose responses have no body (Fetch Standard, null body status). */
const withoutBody: ReadonlyArray<number> = [101, 103, 204, 205, 304]

const isRedirect = ({ headers, status }: HttpClientResponse): boolean =>
  [301, 302, 303, 307, 308].includes(status) && headers["location"] !== undefined

/** Where a request goes, with its query, or `undefined` where that is no URL. */
const hrefOf = (request: HttpClientRequest.HttpClientRequest): string | undefined =>
  Option.getOrUndefined(HttpClientRequest.toUrl(request))?.href

/** The span in which a `fetch` is called, where a fiber calls it. */
const callingSpan = (): Option.Option<Tracer.AnySpan> =>
  Option.flatMap(Fiber.getCurrentFiber(), ({ currentContext }) => Context.getOption(currentContext, Tracer.ParentSpan))

/**
 * The `HttpClient` of this program as a `fetch`, for the option `fetch` of `McpOAuth`: its retries, tracing and proxy then hold
 * for discovery, registration and token requests, and for the requests to the MCP server. Bodies are streamed, an aborted
 * signal ends the request and closes its connection, and what goes wrong is the `TypeError` of a `fetch`, whose `cause` is that
 * of the client's error. A client that fails for a status, as by `HttpClient.filterStatusOk`, does not fail here: the response
 * is what it failed for.
 *
 * **No redirect is followed**, for a redirect could take the token elsewhere: `McpOAuth` follows those that it may. **A client
 * of `HttpClient.followRedirects` sends the access token to whatever the server redirects to**; this refuses its answer with a
 * `TypeError`, and cannot take the token back. A client that changes the URL by `HttpClient.mapRequest` is no such client; one
 * that you wrote yourself and that changes the URL as it sends counts as one. For `FetchHttpClient` this sets
 * `redirect: "manual"` in the `FetchHttpClient.RequestInit` of the place where this effect runs; one that only the client's
 * own layer was given is not seen here, so give it to both.
 *
 * **A request that is sent again may be done twice.** A code or a refresh token that arrives a second time ends the sign-in at
 * many servers, so a client that retries must know what it does: repeat what was refused (429, 503), or was a GET, and no POST
 * whose answer was lost.
 *
 * The client's spans have the URL of the request, so that of the MCP server too, and its headers but for `authorization` and
 * cookies. Those of discovery, registration and token requests are children of the spans of `McpOAuth`; where no fiber calls
 * this `fetch`, they are children of the span in which this effect ran. The header `traceparent` goes to every server; a client
 * of `HttpClient.withTracerPropagation(false)` does not send it.
 *
 * Of the options of a `fetch`, `method`, `headers`, `body`, `signal` and `redirect: "error"` are heeded.
 *
 * @example
 * ```ts
 * import { FetchHttpClient, HttpClient } from "@effect/platform"
 * import { Effect, Layer } from "effect"
 * import { McpOAuth } from "effect-oauth-callback/mcp"
 * import { layerFile } from "effect-oauth-callback/node"
 * import { fetchFromHttpClient } from "effect-oauth-callback/platform"
 *
 * // The program's own client: a server that is not available is asked again
 * const client = Layer.effect(
 *   HttpClient.HttpClient,
 *   Effect.map(
 *     HttpClient.HttpClient,
 *     HttpClient.transformResponse(Effect.repeat({ while: ({ status }) => status === 503, times: 2 }))
 *   )
 * ).pipe(Layer.provide(FetchHttpClient.layer))
 *
 * const signIn = Effect.gen(function* () {
 *   const fetch = yield* fetchFromHttpClient
 *   return yield* McpOAuth.make({ serverUrl: "https://example.com/mcp", fetch })
 * })
 *
 * const program = Effect.scoped(signIn).pipe(Effect.provide([client, layerFile({ appName: "my-agent" })]))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const fetchFromHttpClient: Effect.Effect<FetchLike, never, HttpClient.HttpClient> = Effect.gen(function* () {
  const client = yield* HttpClient.HttpClient
  const given = Option.getOrUndefined(yield* Effect.serviceOption(FetchHttpClient.RequestInit))
  const runtime = yield* Effect.runtime<never>()
  const send = (request: HttpClientRequest.HttpClientRequest, init: RequestInit) =>
    Effect.gen(function* () {
      // As `mapRequest` leaves them, so that what differs in a response has been followed. Several where the client repeats.
      const sent = new Set<string | undefined>()
      const watched = HttpClient.tapRequest(client, (each) => Effect.sync(() => sent.add(hrefOf(each))))
      const response = yield* Effect.catchIf(
        watched.execute(request),
        (error) => error._tag === "ResponseError" && error.reason === "StatusCode",
        (error) => "response" in error ? Effect.succeed(error.response) : Effect.fail(error)
      )
      const body = readable(response.stream, runtime, init.signal ?? undefined)
      if (!sent.has(hrefOf(response.request))) {
        yield* Effect.promise(() => body.cancel())
        const cause = new TypeError("fetch failed: this HttpClient follows redirects (HttpClient.followRedirects)")
        return yield* new ResponseError({ request, response, reason: "StatusCode", cause })
      }
      if (init.redirect === "error" && isRedirect(response)) {
        const cause = new TypeError("fetch failed: it redirects")
        return yield* new ResponseError({ request, response, reason: "StatusCode", cause })
      }
      const { status } = response
      const options = { status, headers: headersOf(response) }
      if (!withoutBody.includes(status) && request.method !== "HEAD") return new Response(body, options)
      yield* Effect.promise(() => body.cancel())
      return new Response(null, options)
    }).pipe(
      Effect.provideService(FetchHttpClient.RequestInit, { ...given, redirect: "manual" }),
      // Where the runtime was taken in an uninterruptible region, an abort could not end it.
      Effect.interruptible
    )
  return async (url, init = {}) => {
    const signal = init.signal ?? undefined
    signal?.throwIfAborted()
    // Before anything is awaited: after that no fiber runs here.
    const span = callingSpan()
    const request = await requestOf(url, init)
    const exit = await Runtime.runPromiseExit(runtime)(
      Option.isSome(span) ? Effect.withParentSpan(send(request, init), span.value) : send(request, init),
      signal && { signal }
    )
    if (Exit.isSuccess(exit)) return exit.value
    signal?.throwIfAborted()
    throw rejection(Cause.squash(exit.cause))
  }
})
