/**
 * What a caller says about its program: by which name, and with which registration, it signs people in.
 */

/**
 * A client that was registered by hand.
 *
 * @typeParam Secret How the client secret is held.
 *
 * @since 0.1.0
 * @category options
 */
export interface PreRegisteredClient<Secret> {
  /** The client identifier that the authorization server issued. */
  readonly clientId: string
  /** The client secret, where the server issued one. @default none */
  readonly clientSecret?: Secret | undefined
  /**
   * How the client authenticates at the token endpoint, for servers that list several methods but accept one.
   *
   * @default with a secret `client_secret_basic`, or `client_secret_post` where the server offers that and not the other;
   * without a secret `none`
   */
  readonly authMethod?: "client_secret_basic" | "client_secret_post" | "none" | undefined
  /** The issuer that the client belongs to; no other sees it. @default the first issuer it is used with */
  readonly issuer?: string | undefined
}

/**
 * How the program is known to authorization servers.
 *
 * @typeParam Secret How a client secret is held.
 *
 * @since 0.1.0
 * @category options
 */
export interface ClientOptions<Secret> {
  /** The name that the authorization server shows to the person. @default "effect-oauth-callback" */
  readonly clientName?: string | undefined
  /**
   * The URL of the client ID metadata document that describes this program: https, with a path. It is used where the
   * authorization server supports such documents.
   *
   * @default none
   */
  readonly clientMetadataUrl?: string | undefined
  /** A client that was registered by hand; it is used before any other. @default none */
  readonly client?: PreRegisteredClient<Secret> | undefined
}
