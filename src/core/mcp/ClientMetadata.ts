/**
 * What this program says about itself to authorization servers (RFC 7591 section 2).
 */

/** The name that is shown where the caller gives none. */
export const defaultClientName = "effect-oauth-callback"

/**
 * The client metadata of a program that signs people in on their own machine (RFC 7591 section 2). Mutable, because both
 * MCP SDKs want it so.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClientMetadata {
  /** `"native"` on a person's machine, `"web"` for a web service (OpenID Connect Registration 1.0 section 2). */
  application_type: "native" | "web"
  /** The name that the person is shown. */
  client_name: string
  /** Where the browser may come back to. */
  redirect_uris: Array<string>
  /** How tokens are obtained: `authorization_code`, and `refresh_token`. */
  grant_types: Array<string>
  /** `code` alone. */
  response_types: Array<string>
  /** How the program authenticates at the token endpoint: `none` for a public client. */
  token_endpoint_auth_method: string
  /** The scopes it may ask for, separated by spaces. */
  scope?: string
}

/** What the metadata is made of. */
export interface ClientMetadataFields {
  /** Where the program runs: on a person's machine, or as a web service. @default "native" */
  readonly applicationType?: "native" | "web" | undefined
  readonly clientName?: string | undefined
  readonly redirectUri: string
  /** Scopes, separated by spaces. */
  readonly scope?: string | undefined
  /** The methods of client authentication that the server supports; `undefined` when it does not say. */
  readonly authMethods?: ReadonlyArray<string> | undefined
}

/** The metadata with the weakest client authentication that the server allows. */
export const make = (
  { applicationType = "native", authMethods, clientName = defaultClientName, redirectUri, scope }: ClientMetadataFields
): ClientMetadata => {
  // A program on a person's machine cannot keep a secret (RFC 8252 section 8.4): none where the server allows that.
  const method = authMethods === undefined || authMethods.includes("none")
    ? "none"
    : ["client_secret_basic", "client_secret_post"].find((each) => authMethods.includes(each)) ?? "none"
  return {
    // By default a client is a web site, and servers accept only the port that it registered.
    application_type: applicationType,
    client_name: clientName,
    redirect_uris: [redirectUri],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: method,
    ...(scope !== undefined && { scope })
  }
}
