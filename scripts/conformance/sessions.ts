/**
 * Connects a client of either SDK through the library. Only the SDK that is needed is loaded.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type ConnectError, McpOAuth, type McpOAuthOptions } from "../../src/mcp.ts"
import type { Services } from "../../src/node.ts"
import type { Tool, ToolCall } from "./calls.ts"

/** What the scenarios use of a connected client of either SDK. */
export interface Session {
  readonly listTools: () => Promise<{ readonly tools: ReadonlyArray<Tool> }>
  readonly callTool: (call: ToolCall) => Promise<unknown>
}

/** Signs in and connects; the scope closes the session. */
export type Connect = (options: McpOAuthOptions) => Effect.Effect<Session, ConnectError, Scope.Scope | Services>

const implementation = { name: "effect-oauth-callback conformance", version: "1.0.0" }

// Some scenarios ask the person something, and expect the defaults of the form as the answer.
const capabilities = { elicitation: { form: { applyDefaults: true } } }
const accept = () => ({ action: "accept" as const, content: {} })

/** For versions up to 2025-11-25: the SDK's first major version, with the transport that the library makes. */
export const connectStateful: Connect = (options) =>
  Effect.gen(function* () {
    const { Client } = yield* Effect.promise(() => import("@modelcontextprotocol/sdk/client/index.js"))
    const { ElicitRequestSchema } = yield* Effect.promise(() => import("@modelcontextprotocol/sdk/types.js"))
    const client = new Client(implementation, { capabilities })
    client.setRequestHandler(ElicitRequestSchema, accept)
    const connected = yield* McpOAuth.connect(client, options)
    return connected.client
  })

/** For versions since 2026-07-28, which are stateless: the SDK's second major version, with its transport. */
export const connectStateless: Connect = (options) =>
  Effect.gen(function* () {
    const { Client, StreamableHTTPClientTransport } = yield* Effect.promise(() =>
      import("@modelcontextprotocol/client")
    )
    const client = new Client(implementation, { capabilities, versionNegotiation: { mode: { pin: "2026-07-28" } } })
    client.setRequestHandler("elicitation/create", accept)
    const connected = yield* McpOAuth.connect(client, {
      ...options,
      transport: (url, { fetch }) => new StreamableHTTPClientTransport(url, { fetch })
    })
    return connected.client
  })
