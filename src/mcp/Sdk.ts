/**
 * The Streamable HTTP transport of whichever MCP SDK is installed, loaded when a client is connected: nothing else needs an
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

/** The transport of SDK v1, else that of v2: clients of each take both. */
export const loadTransport: Effect.Effect<SdkTransportClass, SdkMissing> = Effect.orElse(
  loaded(() => import("@modelcontextprotocol/sdk/client/streamableHttp.js")),
  () => loaded(() => import("@modelcontextprotocol/client"))
)
