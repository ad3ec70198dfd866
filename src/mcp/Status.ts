/**
 * What is known about a sign-in, to show to the person.
 */

/**
 * What is known about a sign-in, without secrets.
 *
 * @since 0.1.0
 * @category models
 */
export interface Status {
  /** The URL of the MCP server, without its query. */
  readonly server: string
  /** The option `account`. */
  readonly account: string
  /**
   * There is an access token whose time is not over, or one that can be refreshed. `false` once the authorization server
   * has refused the refresh token: a person is needed. The server may refuse what it has not been asked about yet.
   */
  readonly isSignedIn: boolean
  /** A sign-in with a person is under way. */
  readonly isSigningIn: boolean
  /** The authorization server. */
  readonly issuer: string | undefined
  /** The client identifier at the authorization server. */
  readonly clientId: string | undefined
  /** The scopes that were granted. */
  readonly scopes: ReadonlyArray<string>
  /** When the access token expires, in milliseconds since 1970-01-01 UTC; absent when the server did not say. */
  readonly expiresAt: number | undefined
  /** Whether there is a refresh token that the authorization server has not refused. */
  readonly isRefreshable: boolean
}
