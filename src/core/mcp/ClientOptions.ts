/**
 * What a caller says about its program: by which name, and with which registration, it signs people in.
 */

/** Whether a value is a client identifier: printable ASCII (RFC 6749 appendix A.1), and of a length that fits into URLs. */
export const isClientId = (value: unknown): value is string =>
  typeof value === "string" && /^[\x20-\x7e]{1,4096}$/.test(value)

/** What a client identifier has to be, in the words of an error. */
export const clientIdWords =
  "the client id that the authorization server issued, of 1 to 4096 printable ASCII characters"

/** How a client may authenticate at the token endpoint. */
export const authMethods: ReadonlyArray<unknown> = ["client_secret_basic", "client_secret_post", "none"]

/** What such a method has to be, in the words of an error. */
export const authMethodWords = '"client_secret_basic", "client_secret_post" or "none"'

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
