/**
 * The MCP server of the testing kit, as a scoped service.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { ListenError } from "../Listener.ts"
import type { AuthorizationServerOptions } from "../startAuthorizationServer.ts"
import { type McpServer, type McpServerOptions, startMcpServer } from "../startMcpServer.ts"
import { scopedServer } from "./scopedServer.ts"
import { TestAuthorizationServer } from "./TestAuthorizationServer.ts"

/**
 * An MCP server for tests, which wants a token of {@link TestAuthorizationServer}.
 *
 * @since 0.1.0
 * @category services
 */
export interface TestMcpServer extends Omit<McpServer, "close" | typeof Symbol.asyncDispose> {}

/**
 * Options as `startMcpServer` has them, but for the authorization server, which is the service.
 *
 * @since 0.1.0
 * @category options
 */
export interface TestMcpServerOptions extends Omit<McpServerOptions, "authorizationServer"> {}

const make = (
  options: TestMcpServerOptions = {}
): Effect.Effect<TestMcpServer, ListenError, Scope.Scope | TestAuthorizationServer> =>
  Effect.flatMap(
    TestAuthorizationServer,
    (authorizationServer) => scopedServer(() => startMcpServer({ authorizationServer, ...options }))
  )

const tag = Context.GenericTag<TestMcpServer>("effect-oauth-callback/TestMcpServer")

/**
 * Tag of the {@link TestMcpServer} service, and its constructors.
 *
 * @since 0.1.0
 * @category services
 */
export const TestMcpServer: Context.Tag<TestMcpServer, TestMcpServer> & {
  /** Starts one; it stops with the scope. */
  readonly make: (
    options?: TestMcpServerOptions
  ) => Effect.Effect<TestMcpServer, ListenError, Scope.Scope | TestAuthorizationServer>
  /** The same as a layer. */
  readonly layer: (
    options?: TestMcpServerOptions
  ) => Layer.Layer<TestMcpServer, ListenError, TestAuthorizationServer>
} = Object.assign(tag, {
  make,
  layer: (options?: TestMcpServerOptions) => Layer.scoped(tag, make(options))
})

/**
 * Both servers.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerServers = (
  options: {
    readonly authorizationServer?: AuthorizationServerOptions
    readonly mcpServer?: TestMcpServerOptions
  } = {}
): Layer.Layer<TestAuthorizationServer | TestMcpServer, ListenError> =>
  Layer.provideMerge(
    TestMcpServer.layer(options.mcpServer),
    TestAuthorizationServer.layer(options.authorizationServer)
  )
