/**
 * The MCP SDK, which is loaded when a function of it is first needed: a program with valid tokens does not load it.
 *
 * Its functions are typed here as far as they are used: Deno finds no types for the SDK's modules, and a program that uses
 * the types of this package need not install the SDK.
 */
import * as Effect from "effect/Effect"
import type { SdkClient } from "../core/mcp/ClientChoice.ts"
import { SdkMissing } from "../core/mcp/SignInError.ts"
import type { FetchLike } from "./FetchLike.ts"

/** The metadata of an authorization server as the SDK takes it, with any further fields. */
export interface SdkMetadata {
  issuer: string
  authorization_endpoint: string
  token_endpoint: string
  response_types_supported: Array<string>
  [field: string]: unknown
}

/** The client metadata that the SDK sends when it registers; further fields are sent too. */
export interface SdkClientMetadata {
  redirect_uris: Array<string>
}

/** The options of every request to the token endpoint. */
export interface SdkTokenRequest {
  metadata: SdkMetadata
  clientInformation: SdkClient
  resource: string
  addClientAuthentication: (headers: Headers, parameters: URLSearchParams) => void
  fetchFn: FetchLike
}

/** The functions of the SDK's authorization module that are used. */
export interface Sdk {
  readonly discoverAuthorizationServerMetadata: (issuer: string, options: { fetchFn: FetchLike }) => Promise<unknown>
  readonly discoverOAuthProtectedResourceMetadata: (
    server: URL,
    options: { resourceMetadataUrl?: URL },
    fetchFn: FetchLike
  ) => Promise<unknown>
  readonly exchangeAuthorization: (
    issuer: string,
    options: SdkTokenRequest & { authorizationCode: string; codeVerifier: string; redirectUri: string }
  ) => Promise<unknown>
  readonly refreshAuthorization: (
    issuer: string,
    options: SdkTokenRequest & { refreshToken: string }
  ) => Promise<unknown>
  readonly registerClient: (
    issuer: string,
    options: { metadata: SdkMetadata; clientMetadata: SdkClientMetadata; fetchFn: FetchLike }
  ) => Promise<unknown>
  readonly selectClientAuthMethod: (client: SdkClient, methods: Array<string>) => string
  readonly startAuthorization: (
    issuer: string,
    options: {
      metadata: SdkMetadata
      clientInformation: SdkClient
      redirectUrl: string
      scope?: string
      state: string
      resource: string
    }
  ) => Promise<{ authorizationUrl: URL; codeVerifier: string }>
}

/** The SDK's Streamable HTTP transport. */
export type SdkTransportClass = new (url: URL, options: { fetch: FetchLike }) => {
  readonly close: () => Promise<void>
  readonly terminateSession: () => Promise<void>
}

const loaded = <A>(module: () => Promise<unknown>): Effect.Effect<A, SdkMissing> =>
  Effect.tryPromise({ try: async () => await module() as A, catch: (cause) => new SdkMissing({ cause }) })

/** The SDK's authorization module. */
export const load: Effect.Effect<Sdk, SdkMissing> = loaded(() => import("@modelcontextprotocol/sdk/client/auth.js"))

/** The SDK's Streamable HTTP transport. */
export const loadTransport: Effect.Effect<SdkTransportClass, SdkMissing> = Effect.map(
  loaded<{ readonly StreamableHTTPClientTransport: SdkTransportClass }>(() =>
    import("@modelcontextprotocol/sdk/client/streamableHttp.js")
  ),
  ({ StreamableHTTPClientTransport }) => StreamableHTTPClientTransport
)
