/**
 * The authorization request: the URL that the person's browser is sent to (RFC 6749 section 4.1.1, RFC 7636, RFC 8707).
 */

/** What is asked for. Absent fields are not sent. */
export interface AuthorizationRequest {
  readonly clientId: string
  readonly redirectUri: string
  readonly state: string
  readonly codeChallenge: string
  /** Separated by spaces. */
  readonly scope?: string | undefined
  /** The resource that the token is for (RFC 8707). */
  readonly resource?: string | undefined
  readonly responseMode?: "query" | "form_post" | undefined
  /** What the caller adds; none of {@link ownedParameters}. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** What the MCP server's challenge adds (RFC 9470 section 4): it goes before what the caller adds. */
  readonly stepUp?: Readonly<Record<string, string>> | undefined
}

/** The parameters that a sign-in sets itself, or that would replace them (RFC 9101): they cannot be added. */
export const ownedParameters: ReadonlyArray<string> = [
  "client_id",
  "code_challenge",
  "code_challenge_method",
  "redirect_uri",
  "request",
  "request_uri",
  "resource",
  "response_mode",
  "response_type",
  "scope",
  "state"
]

/**
 * The URL. What the endpoint has in its query stays (RFC 6749 section 3.1); a parameter that is sent is sent once.
 *
 * `prompt` is sent only where the caller adds it: with `prompt=consent`, which OpenID Connect wants for `offline_access`,
 * nobody gets in where an administrator has consented for all.
 */
export const url = (endpoint: string, request: AuthorizationRequest): URL => {
  const made = new URL(endpoint)
  const { clientId, codeChallenge, parameters, redirectUri, resource, responseMode, scope, state, stepUp } = request
  const fields: Readonly<Record<string, string | undefined>> = {
    ...parameters,
    ...stepUp,
    response_type: "code",
    client_id: clientId,
    code_challenge: codeChallenge,
    code_challenge_method: "S256",
    redirect_uri: redirectUri,
    state,
    scope,
    resource,
    response_mode: responseMode === "form_post" ? responseMode : undefined
  }
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) made.searchParams.set(name, value)
  }
  return made
}
