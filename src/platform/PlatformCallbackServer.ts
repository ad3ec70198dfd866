/**
 * Any `HttpServer` of `@effect/platform` as listener.
 */
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import type * as HttpServer from "@effect/platform/HttpServer"
import type { ServeError } from "@effect/platform/HttpServerError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { BindError, reasonOf } from "../core/oauth/BindError.ts"
import { CallbackServer } from "../server/CallbackServer.ts"
import type { Listen } from "../services/CallbackServer.ts"
import { fromRoute } from "./CallbackHttpApp.ts"

/**
 * Makes a server that listens on one address and port (`0`: any free one) until its scope closes.
 *
 * @since 0.1.0
 * @category models
 */
export type MakeHttpServer = (
  options: { readonly host: "127.0.0.1" | "::1"; readonly port: number }
) => Effect.Effect<HttpServer.HttpServer, ServeError, Scope.Scope>

const listenWith = (make: MakeHttpServer): Listen => (address, port, serve) => {
  const failed = (cause: unknown) =>
    Effect.fail(new BindError({ reason: reasonOf(cause), host: address, ports: [port], cause }))
  return Effect.gen(function* () {
    // Uninterruptible: Node's server goes on to listen when it is interrupted half-way. Bun's dies of a taken port.
    const server = yield* Effect.uninterruptible(make({ host: address, port })).pipe(
      Effect.catchAll(failed),
      Effect.catchAllDefect(failed)
    )
    if (server.address._tag !== "TcpAddress") return yield* failed(new Error("the server listens on no TCP port"))
    const bound = { port: server.address.port }
    // The server's own tracer would write the query, and so the code, into a span.
    yield* HttpMiddleware.withTracerDisabledWhenEffect(server.serve(fromRoute(serve(bound))), () => true)
    return bound
  })
}

/**
 * A `CallbackServer` that makes a server for each port; flows that ask for the same port share it.
 *
 * The checks are this package's; what happens on the wire is your server's. `NodeHttpServer` does not promise a release
 * within a second: it waits for a client that opened a connection and sends nothing (a browser's preconnect), or half a
 * request, for as long as that client likes. `layer` of `effect-oauth-callback/node` does.
 *
 * @example
 * ```ts
 * import { NodeHttpServer } from "@effect/platform-node"
 * import { layerHttpServer } from "effect-oauth-callback/platform"
 * import { createServer } from "node:http"
 *
 * const server = layerHttpServer(({ host, port }) => NodeHttpServer.make(() => createServer(), { host, port }))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerHttpServer = (make: MakeHttpServer): Layer.Layer<CallbackServer> =>
  Layer.succeed(CallbackServer, CallbackServer.make(listenWith(make)))
