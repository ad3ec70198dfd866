/**
 * The callback route as an `HttpApp`, for any server of `@effect/platform`.
 */
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { Answer } from "../core/oauth/Answer.ts"
import { BindError } from "../core/oauth/BindError.ts"
import * as RedirectUri from "../core/oauth/RedirectUri.ts"
import type { RequestHead } from "../core/oauth/RequestHead.ts"
import { CallbackServer } from "../server/CallbackServer.ts"
import * as RouteTable from "../server/RouteTable.ts"
import { serveFlow } from "../server/serveFlow.ts"
import type * as Service from "../services/CallbackServer.ts"

const headOf = (request: HttpServerRequest.HttpServerRequest): RequestHead => ({
  method: request.method,
  // Routers cut the mounted prefix off `url`.
  target: request.originalUrl,
  hosts: request.headers["host"] === undefined ? [] : [request.headers["host"]],
  header: (name) => request.headers[name]
})

const respond = ({ body, headers, status }: Answer): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.raw(body, { status, headers: { ...headers, connection: "close" } })

/** Serves what a listener of this package would serve. */
export const fromRoute = (route: Service.RequestHandler): HttpApp.Default =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    const head = headOf(request)
    const act = (reply: Service.Reply): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
      switch (reply._tag) {
        case "Answer":
          return Effect.succeed(respond(reply.answer))
        case "Hold":
          return Effect.async((resume) => {
            const takeBack = reply.onAnswer((answer) => resume(Effect.succeed(respond(answer))))
            return Effect.sync(takeBack)
          })
        case "ReadBody":
          return HttpServerRequest.withMaxBodySize(request.text, Option.some(reply.limit)).pipe(
            Effect.matchEffect({
              onFailure: (error) =>
                Effect.succeed(
                  respond(route.refuse(/limit|too large/i.test(String(error.cause)) ? "BodyTooLarge" : "Malformed"))
                ),
              onSuccess: (body) => act(route.handle(head, body))
            })
          )
      }
    }
    // A server runs its handlers uninterruptibly: a page that waits must still end with the client, and with the flow.
    return Effect.interruptible(Effect.suspend(() => act(route.handle(head))))
  })

/**
 * A callback address on a server of your own.
 *
 * @since 0.1.0
 * @category models
 */
export interface CallbackHttpApp {
  /** Serves the callbacks of all flows opened with `layer`; mount it at the path of the redirect URI. */
  readonly httpApp: HttpApp.Default
  /** Flows opened with this bind nothing: they wait for requests to `httpApp`. */
  readonly layer: Layer.Layer<CallbackServer>
}

/**
 * The route as an `HttpApp` to mount on a server of your own. Every flow opened with its layer has `redirectUri` as
 * redirect URI, to the letter; a request is taken only when its `Host` names that URI's host, and goes to the flow whose
 * `state` it carries. The page of how a sign-in ended is kept for a minute after its flow, for a browser that comes late.
 *
 * Opening a flow fails with `BindError` of reason `InvalidOptions` when `redirectUri` is no http(s) URL.
 *
 * What your server does not promise, this cannot: a release within a second, headers over its own limit, 431 for more.
 * And its tracer writes each request's query, with the code, into a span before this is asked: turn it off for the path
 * of the callback, by `HttpMiddleware.withTracerDisabledForUrls`.
 *
 * @example
 * ```ts
 * import { HttpRouter } from "@effect/platform"
 * import { makeHttpApp } from "effect-oauth-callback/platform"
 *
 * const callback = makeHttpApp({ redirectUri: "https://agent.example/oauth/callback" })
 * const router = HttpRouter.empty.pipe(HttpRouter.all("/oauth/callback", callback.httpApp))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeHttpApp = (options: { readonly redirectUri: string }): CallbackHttpApp => {
  const routes = RouteTable.make()
  const parsed = RedirectUri.parse(options.redirectUri)
  const bind: Service.CallbackServer["bind"] = ({ host, ports }, serve) =>
    Effect.matchEffect(parsed, {
      onFailure: (detail) => Effect.fail(new BindError({ reason: "InvalidOptions", host, ports, detail })),
      onSuccess: (url) => {
        const bound: Service.Bound = {
          port: Number(url.port === "" ? (url.protocol === "https:" ? 443 : 80) : url.port),
          redirectUri: options.redirectUri
        }
        return serveFlow(routes, bound, serve)
      }
    })
  return { httpApp: fromRoute(routes), layer: Layer.succeed(CallbackServer, { bind }) }
}
