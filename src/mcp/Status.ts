/** What is known of a sign-in; none of it is secret. */
export interface Status {
  readonly server: string
  readonly account: string
  /** There is a token that is good by the clock, or can be refreshed; only the server knows whether it takes it. */
  readonly isSignedIn: boolean
  /** A person is being waited for. */
  readonly isSigningIn: boolean
  /** The authorization server. */
  readonly issuer: string | undefined
  readonly clientId: string | undefined
  readonly scopes: ReadonlyArray<string>
  /** When the access token ends, in milliseconds since 1970-01-01 UTC; absent when the server did not say. */
  readonly expiresAt: number | undefined
  /** Whether it can be renewed without a person. */
  readonly isRefreshable: boolean
}
