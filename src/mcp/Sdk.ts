/**
 * The Streamable HTTP transport of the MCP SDK that is installed, loaded when a client is connected: nothing else needs an
 * SDK.
 *
 * It is typed here as far as it is used: Deno finds no types for the SDK's modules, and a program that uses the types of
 * this package need not install an SDK.
 */
import * as Effect from "effect/Effect"
import { SdkMissing } from "../core/mcp/SignInError.ts"
import type { FetchLike } from "./FetchLike.ts"

/** The transport of both SDKs, as far as it is used. */
export type SdkTransportClass = new (url: URL, options: { fetch: FetchLike }) => {
  readonly close: () => Promise<void>
  readonly terminateSession: () => Promise<void>
}

type TransportModule = { readonly StreamableHTTPClientTransport: SdkTransportClass }

const loaded = (module: () => Promise<unknown>): Effect.Effect<SdkTransportClass, SdkMissing> =>
  Effect.tryPromise({
    try: async () => (await module() as TransportModule).StreamableHTTPClientTransport,
    catch: (cause) => new SdkMissing({ cause })
  })

/** Bundlers fail for a package that is not there, unless they see that its absence is caught. */
const absent = (cause: unknown): never => {
  throw cause
}

const ofV1 = loaded(() => import("@modelcontextprotocol/sdk/client/streamableHttp.js").catch(absent))
const ofV2 = loaded(() => import("@modelcontextprotocol/client").catch(absent))

/**
 * Whether a client is of SDK v2: only there a client can tell this. Not by `instanceof`, which would load both SDKs, and
 * which no client of a second copy of the package passes.
 */
const isOfV2 = (client: object): boolean => "getNegotiatedProtocolVersion" in client

/**
 * The transport of the SDK that the client is of, else that of the other: each takes both up to protocol version
 * 2025-11-25, but only v2's transport sends the headers of 2026-07-28 (`Mcp-Method`, `Mcp-Name`).
 */
export const loadTransport = (client: object): Effect.Effect<SdkTransportClass, SdkMissing> =>
  isOfV2(client) ? Effect.orElse(ofV2, () => ofV1) : Effect.orElse(ofV1, () => ofV2)
