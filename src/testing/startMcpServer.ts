/**
 * An MCP server for tests that wants a token.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import { notFound } from "./Answer.ts"
import { flag, tools } from "./checkedKnobs.ts"
import { checkIssuer, checkNames, checkPath } from "./checkNames.ts"
import type { Verified } from "./Grants.ts"
import { listen } from "./Listener.ts"
import { answerMcp, scopesOfCall, type TestTools, type ToolCall } from "./McpProtocol.ts"
import { type ProtectedResource, type ResourceKnobs, serveResource } from "./ProtectedResource.ts"
import { type AuthorizationServer, startAuthorizationServer } from "./startAuthorizationServer.ts"

/**
 * How the MCP server behaves; `server.knobs` of a running one.
 *
 * @since 0.1.0
 * @category knobs
 */
export interface McpServerKnobs extends ResourceKnobs {
  /** Its tools by name. @default `whoami`, which answers with the name of who is signed in */
  tools: TestTools
  /** Whether it answers by `text/event-stream`, as the servers of the SDK do. @default false: by `application/json` */
  stream: boolean
}

/**
 * Serves requests that have a good token.
 *
 * @since 0.1.0
 * @category models
 */
export type ProtectedHandler = (request: IncomingMessage, response: ServerResponse, caller: Verified) => unknown

/**
 * Options of {@link startMcpServer}: where its knobs are at the beginning, and what cannot change.
 *
 * @since 0.1.0
 * @category options
 */
export interface McpServerOptions extends Partial<McpServerKnobs> {
  /** Who issues its tokens. @default one of its own, which ends with it */
  readonly authorizationServer?: Pick<AuthorizationServer, "issuer" | "verify">
  /** What every request needs, separated by spaces; its metadata and its challenge name it. @default nothing */
  readonly scope?: string
  /** The path of the server. @default "/mcp" */
  readonly path?: string
  /** The port it listens on. @default 0, any free one */
  readonly port?: number
  /** Serves in place of `tools`, an MCP server of yours for instance; it reads the body itself. @default none */
  readonly handler?: ProtectedHandler
}

/**
 * A running MCP server.
 *
 * @since 0.1.0
 * @category models
 */
export interface McpServer extends ProtectedResource<McpServerKnobs> {
  /** The calls of tools that were let through, in order. */
  readonly toolCalls: ReadonlyArray<ToolCall>
  /** Stops it; no socket is left then. */
  readonly close: () => Promise<void>
  /** The same as `close`, for `await using`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const whoami: TestTools = {
  whoami: { description: "Who is signed in", run: (_args, { subject }) => subject }
}

const names: Readonly<Record<keyof McpServerOptions, true>> = {
  answer: true,
  authorizationServer: true,
  authorizationServers: true,
  challenge: true,
  handler: true,
  latency: true,
  metadata: true,
  metadataAt: true,
  path: true,
  port: true,
  refuseAll: true,
  requiredScopes: true,
  scope: true,
  stream: true,
  tools: true,
  verify: true
}

const protectedBy = async (
  authorizationServer: Pick<AuthorizationServer, "issuer" | "verify">,
  { handler, path = "/mcp", port = 0, scope = "", ...given }: Omit<McpServerOptions, "authorizationServer">
): Promise<McpServer> => {
  checkPath("path", path)
  if (typeof scope !== "string") throw new TypeError("scope must be a text, with spaces between scopes")
  const { close, ...listener } = await listen(port)
  const toolCalls: Array<ToolCall> = []
  const open = () =>
    serveResource<McpServerKnobs>(listener, {
      authorizationServer,
      path,
      scopes: scope.split(" ").filter((one) => one !== ""),
      knobs: () => ({ tools: whoami, stream: false, ...given }),
      kinds: { tools, stream: flag },
      leaveBody: handler !== undefined,
      scopesFor: ({ body }, { tools }) => scopesOfCall(body, tools),
      serve: async (recorded, caller, { stream, tools }, { request, response }) => {
        if (handler !== undefined) return void await handler(request, response, caller)
        return recorded.path === path
          ? await answerMcp(recorded, { tools, caller, stream, heard: (call) => toolCalls.push(call) })
          : notFound
      }
    })
  try {
    return { ...open(), toolCalls, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * Starts an MCP server (Streamable HTTP) on 127.0.0.1 that wants a token of the authorization server: 401 with the address
 * of its metadata (RFC 9728), 403 `insufficient_scope` where a scope is missing.
 *
 * Rejects with `ListenError` when the port cannot be had, and with a `TypeError` for an option that does not exist or has a value
 * that it cannot have.
 *
 * @example
 * ```ts
 * import { startAuthorizationServer, startMcpServer } from "effect-oauth-callback/testing"
 *
 * const authorizationServer = await startAuthorizationServer()
 * const server = await startMcpServer({
 *   authorizationServer,
 *   tools: {
 *     greet: ({ name }, { subject }) => `Hello ${name}, says ${subject}`,
 *     remove: { scope: "files:write", run: () => "removed" }
 *   }
 * })
 * console.log(server.url)
 * await Promise.all([server.close(), authorizationServer.close()])
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const startMcpServer = async (
  { authorizationServer, ...options }: McpServerOptions = {}
): Promise<McpServer> => {
  checkNames("startMcpServer", options, names)
  if (authorizationServer !== undefined) checkIssuer(authorizationServer)
  if (authorizationServer !== undefined) return protectedBy(authorizationServer, options)
  const own = await startAuthorizationServer()
  try {
    const server = await protectedBy(own, options)
    const close = async () => {
      await Promise.all([server.close(), own.close()])
    }
    return { ...server, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    await own.close()
    throw error
  }
}
