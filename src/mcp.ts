/**
 * Signing in to MCP servers: one `fetch` for the transports of the MCP SDK, which refreshes, signs in and steps up by
 * itself, once for everybody who waits.
 *
 * The MCP SDK is an optional peer of the package and is loaded when something of it is first needed.
 *
 * @module
 */
import { connect, connectAll } from "./mcp/connect.ts"
import { make, type McpOAuth as McpOAuthInterface } from "./mcp/McpOAuth.ts"

export { BindError } from "./core/oauth/BindError.ts"
export {
  AuthorizationDenied,
  AuthorizationTimeout,
  InvalidAuthorizationUrl,
  InvalidResponse
} from "./core/oauth/FlowError.ts"
export type { Unsafe } from "./core/mcp/Metadata.ts"
export { InvalidServerUrl, type InvalidServerUrlReason } from "./core/mcp/ServerUrl.ts"
export {
  Closed,
  DiscoveryError,
  type FaultReason,
  InteractionRequired,
  McpConnectError,
  RegistrationError,
  type RegistrationReason,
  RevocationError,
  SdkMissing,
  TokenError,
  type TokenReason,
  UntrustedMetadata,
  type UntrustedReason
} from "./core/mcp/SignInError.ts"
export type { FetchLike } from "./mcp/FetchLike.ts"
export type { ConnectableClient, TransportLike } from "./mcp/ConnectableClient.ts"
export type { ConnectAllOptions, Connected, ConnectedAll, ConnectOptions, ServerToConnect } from "./mcp/connect.ts"
export type { ConnectError, McpOAuthError, McpOAuthOptions } from "./mcp/McpOAuth.ts"
export type { Status } from "./mcp/Status.ts"
export type {
  OAuthClientProvider,
  ProviderClient,
  ProviderClientMetadata,
  ProviderContext,
  ProviderTokens
} from "./mcp/OAuthClientProvider.ts"
export { CredentialStoreError } from "./services/CredentialStore.ts"

/** The sign-in to one MCP server. */
export interface McpOAuth extends McpOAuthInterface {}

/** Signs in to MCP servers. */
export const McpOAuth: {
  /**
   * The sign-in to one server; nothing is asked or opened before it is used. It lives until the scope closes: after that
   * nothing opens a browser or writes a token.
   *
   * Fails with `InvalidServerUrl` when the address cannot be used.
   *
   * @example
   * ```ts
   * import { Effect } from "effect"
   * import { McpOAuth } from "effect-oauth-callback/mcp"
   *
   * // For a transport: new StreamableHTTPClientTransport(url, { fetch })
   * const signedInFetch = Effect.gen(function* () {
   *   const oauth = yield* McpOAuth.make({ serverUrl: "https://example.com/mcp" })
   *   yield* oauth.ensure
   *   return oauth.fetch
   * })
   * ```
   */
  readonly make: typeof make
  /**
   * Signs in and connects a client of either SDK; the scope closes it.
   *
   * Fails with `McpOAuthError`, or with `McpConnectError` when the client could not connect; the scope is as it was then.
   *
   * @example
   * ```ts
   * import { Effect } from "effect"
   * import { type ConnectableClient, McpOAuth } from "effect-oauth-callback/mcp"
   *
   * // With: new Client({ name: "my-agent", version: "1.0.0" })
   * const expiry = (client: ConnectableClient) =>
   *   Effect.gen(function* () {
   *     const { oauth } = yield* McpOAuth.connect(client, { serverUrl: "https://example.com/mcp" })
   *     return (yield* oauth.status).expiresAt
   *   })
   * ```
   */
  readonly connect: typeof connect
  /**
   * Connects to many servers at once, each sign-in on a port of its own. It never fails: what became of each server is
   * under its name.
   *
   * @example
   * ```ts
   * import { Effect, Either } from "effect"
   * import { type ConnectableClient, McpOAuth } from "effect-oauth-callback/mcp"
   *
   * const connected = (newClient: () => ConnectableClient) =>
   *   Effect.gen(function* () {
   *     const { mail, wiki } = yield* McpOAuth.connectAll({
   *       mail: { client: newClient(), serverUrl: "https://mail.example.com/mcp" },
   *       wiki: { client: newClient(), serverUrl: "https://wiki.example.com/mcp" }
   *     })
   *     if (Either.isLeft(wiki)) yield* Effect.logError(wiki.left.message)
   *     return mail
   *   })
   * ```
   */
  readonly connectAll: typeof connectAll
} = { make, connect, connectAll }
