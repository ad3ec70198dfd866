/**
 * Connects through the library: a client of either SDK, or none. Only the SDK that is needed is loaded.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type ConnectError, McpOAuth, type McpOAuthOptions } from "../../src/mcp.ts"
import type { Services } from "../../src/node.ts"
import type { Session } from "./calls.ts"
import { isStateless, openPlainSession } from "./plainSession.ts"
import type { Sdk } from "./sdks.ts"

/**
 * Signs in and connects; the scope closes the session.
 *
 * @param version - The version of the protocol that the scenario is run on.
 */
export type Connect = (
  options: McpOAuthOptions,
  version: string
) => Effect.Effect<Session, ConnectError, Scope.Scope | Services>

const implementation = { name: "effect-oauth-callback conformance", version: "1.0.0" }

// Some scenarios ask the person something, and expect the defaults of the form as the answer.
const capabilities = { elicitation: { form: { applyDefaults: true } } }
const accept = () => ({ action: "accept" as const, content: {} })

/** The SDK's first major version. It knows the protocol up to 2025-11-25, and speaks that on every wire. */
const connectV1: Connect = (options) =>
  Effect.gen(function* () {
    const { Client } = yield* Effect.promise(() => import("@modelcontextprotocol/sdk/client/index.js"))
    const { ElicitRequestSchema } = yield* Effect.promise(() => import("@modelcontextprotocol/sdk/types.js"))
    const client = new Client(implementation, { capabilities })
    client.setRequestHandler(ElicitRequestSchema, accept)
    return (yield* McpOAuth.connect(client, options)).client
  })

/** The SDK's second major version, in the version of the protocol that the scenario is run on. */
const connectV2: Connect = (options, version) =>
  Effect.gen(function* () {
    const { Client } = yield* Effect.promise(() => import("@modelcontextprotocol/client"))
    const client = new Client(implementation, {
      capabilities,
      versionNegotiation: { mode: isStateless(version) ? { pin: version } : "legacy" }
    })
    client.setRequestHandler("elicitation/create", accept)
    return (yield* McpOAuth.connect(client, options)).client
  })

/** No SDK: a few requests through the library's `fetch`. */
const connectNone: Connect = (options, version) =>
  Effect.gen(function* () {
    const { fetch } = yield* McpOAuth.make(options)
    return yield* Effect.promise(() => openPlainSession(fetch, options.serverUrl, version, implementation))
  })

/** How to connect with each SDK. The transport is always the one that the library takes by itself. */
export const connectWith: Readonly<Record<Sdk, Connect>> = { v1: connectV1, v2: connectV2, none: connectNone }
