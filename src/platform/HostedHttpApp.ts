/**
 * Hosted sign-ins as an `HttpApp`, for any server of `@effect/platform`.
 */
import * as Cookies from "@effect/platform/Cookies"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/**
 * What is mounted: a `HostedSignIn` of `./hosted`.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestHandler {
  /** Answers a request; it never fails. */
  readonly handle: (request: Request) => Effect.Effect<Response>
}

/** As the browser sent it: routers cut the mounted prefix off `url`. */
const toRequest = (request: HttpServerRequest.HttpServerRequest): Request => {
  if (request.source instanceof Request) return request.source
  const hasBody = request.method !== "GET" && request.method !== "HEAD"
  return new Request(new URL(request.originalUrl, `http://${request.headers["host"] ?? "localhost"}`), {
    method: request.method,
    headers: request.headers,
    // Not read here: `handle` reads a posted form, up to its limit.
    ...(hasBody && { body: Stream.toReadableStream(request.stream), duplex: "half" })
  })
}

/** A page is short, and read whole. Not by `HttpServerResponse.fromWeb`, which platforms before 0.94 do not have. */
const fromWeb = (response: Response): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.map(Effect.promise(() => response.arrayBuffer()), (body) => {
    const headers = new Headers(response.headers)
    const cookies = Cookies.fromSetCookie(headers.getSetCookie())
    headers.delete("set-cookie")
    const options = { status: response.status, statusText: response.statusText, headers, cookies }
    const contentType = headers.get("content-type") ?? undefined
    return body.byteLength === 0
      ? HttpServerResponse.empty(options)
      : HttpServerResponse.uint8Array(new Uint8Array(body), { ...options, contentType })
  })

/**
 * Hosted sign-ins as an `HttpApp`: mount it at the path of the redirect URI, for every method.
 *
 * The tracer of your server writes each request's query, with the code, into a span before this is asked: turn it off for this
 * path, by `HttpMiddleware.withTracerDisabledForUrls`.
 *
 * @example
 * ```ts
 * import { HttpRouter } from "@effect/platform"
 * import { HostedSignIn, PendingStore } from "effect-oauth-callback/hosted"
 * import { hostedHttpApp } from "effect-oauth-callback/platform"
 * import { Effect } from "effect"
 *
 * const router = Effect.gen(function* () {
 *   const store = yield* PendingStore.memory()
 *   const hosted = yield* HostedSignIn.make({ redirectUri: "https://agent.example/oauth/callback", store })
 *   return HttpRouter.empty.pipe(HttpRouter.all("/oauth/callback", hostedHttpApp(hosted)))
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const hostedHttpApp = (hosted: RequestHandler): HttpApp.Default =>
  Effect.flatMap(
    HttpServerRequest.HttpServerRequest,
    (request) =>
      Effect.matchEffect(Effect.try(() => toRequest(request)), {
        // What no browser sends: a target or a header that no `Request` can have.
        onFailure: () => Effect.succeed(HttpServerResponse.empty({ status: 400 })),
        // A browser that goes away does not end it: the code may be spent already.
        onSuccess: (given) => Effect.uninterruptible(Effect.flatMap(hosted.handle(given), fromWeb))
      })
  )
