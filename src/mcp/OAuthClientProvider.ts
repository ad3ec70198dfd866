/**
 * The `authProvider` of both MCP SDKs, in types of this package, so that it fits either without the other.
 */
import type { ClientMetadata } from "../core/mcp/ClientMetadata.ts"

/**
 * Tokens as the SDKs take them. There is no refresh token among them, so that only this package refreshes.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderTokens {
  /** The access token. */
  access_token: string
  /** `Bearer`. */
  token_type: string
  /** The scopes that were granted, separated by spaces. */
  scope?: string
  /** The issuer of the tokens, for SDK v2. */
  issuer?: string
}

/**
 * A client as the SDKs take it.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderClient {
  /** The `client_id` at the authorization server. */
  client_id: string
  /** The issuer that it is registered with, for SDK v2. */
  issuer?: string
}

/**
 * What SDK v2 says when it asks: the issuer whose credentials it wants.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderContext {
  /** Issuer identifier of an authorization server. */
  readonly issuer?: string
}

/**
 * The client metadata of the program (RFC 7591 section 2), as the SDKs take it.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderClientMetadata extends ClientMetadata {}

/**
 * The interface of the same name of `@modelcontextprotocol/sdk` and `@modelcontextprotocol/client`, as far as it is used;
 * that of `@ai-sdk/mcp` is met too.
 *
 * Every function rejects or throws with `Closed` once the scope of its `McpOAuth` is closed.
 *
 * @since 0.1.0
 * @category models
 */
export interface OAuthClientProvider {
  /** A redirect URI without a port; the sign-in uses one with the port that it binds. */
  readonly redirectUrl: string
  /** What this program says about itself when it registers. */
  readonly clientMetadata: ProviderClientMetadata
  /** A new random `state`. Sign-ins of this package use one of their own. */
  readonly state: () => string
  /** The client that the sign-in uses. Never absent, because the SDK would register one that is never used. */
  readonly clientInformation: (context?: ProviderContext) => Promise<ProviderClient | undefined>
  /** Valid tokens: they are refreshed when their time is over, and where there are none a person signs in. */
  readonly tokens: (context?: ProviderContext) => Promise<ProviderTokens | undefined>
  /** Saves nothing: only this package refreshes, and the SDK has no refresh token. */
  readonly saveTokens: (tokens: ProviderTokens) => Promise<void>
  /**
   * Begins a sign-in of this package in place of the SDK's, and returns at once. `ensure` waits for it; after that the
   * transport can be used again.
   */
  readonly redirectToAuthorization: (url: URL) => Promise<void>
  /**
   * Saves nothing: which authorization server the credentials belong to is known here. Vercel's AI SDK (`@ai-sdk/mcp`) begins
   * no sign-in where a provider lacks it; the MCP SDKs do not call it.
   */
  readonly saveAuthorizationServerInformation: () => Promise<void>
  /** Keeps the code verifier (RFC 7636) that the SDK made, for this transport. */
  readonly saveCodeVerifier: (codeVerifier: string) => void
  /** The code verifier that was last kept; empty where there is none. */
  readonly codeVerifier: () => string
}
