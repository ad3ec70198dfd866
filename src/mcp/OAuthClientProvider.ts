/**
 * What both MCP SDKs take as `authProvider`, in types of this package: it can be used with either, and without the other.
 */

/** Tokens as the SDKs take them; the refresh token stays here, where it is spent once. */
export interface ProviderTokens {
  access_token: string
  token_type: string
  scope?: string
  issuer?: string
}

/** A client as the SDKs take it. */
export interface ProviderClient {
  client_id: string
  issuer?: string
}

/** What SDK v2 tells: whose credentials are wanted. */
export interface ProviderContext {
  readonly issuer?: string
}

/** What the program says of itself, as the SDKs take it. */
export interface ProviderClientMetadata {
  application_type: "native"
  client_name: string
  redirect_uris: Array<string>
  grant_types: Array<string>
  response_types: Array<string>
  token_endpoint_auth_method: string
  scope?: string
}

/**
 * The interface of the same name of `@modelcontextprotocol/sdk` and `@modelcontextprotocol/client`, as far as it is used.
 *
 * Every function rejects or throws with `Closed` once the scope of its `McpOAuth` is closed.
 */
export interface OAuthClientProvider {
  readonly redirectUrl: string
  readonly clientMetadata: ProviderClientMetadata
  readonly state: () => string
  readonly clientInformation: (context?: ProviderContext) => Promise<ProviderClient | undefined>
  /** Good tokens: it refreshes them, and signs in where there are none. */
  readonly tokens: (context?: ProviderContext) => Promise<ProviderTokens | undefined>
  readonly saveTokens: (tokens: ProviderTokens) => Promise<void>
  /** Begins a sign-in of this package, and returns at once. `ensure` waits for it; then the transport can go on. */
  readonly redirectToAuthorization: (url: URL) => Promise<void>
  readonly saveCodeVerifier: (codeVerifier: string) => void
  readonly codeVerifier: () => string
}
