/**
 * The callback route as an `HttpApp`, for any server of `@effect/platform`.
 */
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { type Answer, text } from "../core/oauth/Answer.ts"
import { BindError } from "../core/oauth/BindError.ts"
import * as CallbackRoute from "../core/oauth/CallbackRoute.ts"
import * as RedirectUri from "../core/oauth/RedirectUri.ts"
import type { RequestHead } from "../core/oauth/RequestHead.ts"
import * as Service from "../services/CallbackServer.ts"

const headOf = (request: HttpServerRequest.HttpServerRequest): RequestHead => ({
  method: request.method,
  // Routers cut the mounted prefix off `url`.
  target: request.originalUrl,
  hosts: request.headers["host"] === undefined ? [] : [request.headers["host"]],
  header: (name) => request.headers[name]
})

const respond = ({ body, headers, status }: Answer): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.raw(body, { status, headers: { ...headers, connection: "close" } })

/** What serves a request: one flow's route, or several flows' behind one. */
export type Handle = Pick<Service.CallbackRoute, "handle" | "refuse">

/** Serves a route. */
export const fromRoute = (route: Handle): HttpApp.Default =>
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

/** Several flows behind one address, told apart by `state`. */
const routeByState = (routes: ReadonlyMap<string, Service.CallbackRoute>): Handle => ({
  handle: (head, body) => {
    const done = CallbackRoute.claimedDone(head)
    const flow = done === undefined
      ? routes.get(CallbackRoute.claimedState(head, body) ?? "")
      : Array.from(routes.values()).find((route) => route.done === done)
    if (flow !== undefined) return flow.handle(head, body)
    // A posted form names its flow in its body.
    if (head.method === "POST" && body === undefined) return { _tag: "ReadBody", limit: CallbackRoute.bodyLimit }
    // No flow's answer: each of them counts it, and they would all say the same.
    const replies = Array.from(routes.values(), (route) => route.handle(head, body))
    return replies[0] ?? { _tag: "Answer", answer: text(404, "No sign-in is waiting here.") }
  },
  refuse: (reason) => Array.from(routes.values(), (route) => route.refuse(reason))[0] ?? CallbackRoute.refusal(reason)
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
  readonly layer: Layer.Layer<Service.CallbackServer>
}

/**
 * The route as an `HttpApp` to mount on a server of your own. Every flow opened with its layer has `redirectUri` as
 * redirect URI, to the letter; a request is taken only when its `Host` names that URI's host, and goes to the flow whose
 * `state` it carries.
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
  const routes = new Map<string, Service.CallbackRoute>()
  const parsed = RedirectUri.parse(options.redirectUri)
  const bind: Service.CallbackServer["bind"] = ({ host, ports }, serve) =>
    Effect.matchEffect(parsed, {
      onFailure: (detail) => Effect.fail(new BindError({ reason: "InvalidOptions", host, ports, detail })),
      onSuccess: (url) => {
        const bound: Service.Bound = {
          port: Number(url.port === "" ? (url.protocol === "https:" ? 443 : 80) : url.port),
          redirectUri: options.redirectUri
        }
        return Effect.as(
          Effect.acquireRelease(
            Effect.sync(() => {
              const route = serve(bound)
              routes.set(Redacted.value(route.state), route)
              return route
            }),
            (route) => Effect.sync(() => routes.delete(Redacted.value(route.state)))
          ),
          bound
        )
      }
    })
  return { httpApp: fromRoute(routeByState(routes)), layer: Layer.succeed(Service.CallbackServer, { bind }) }
}
