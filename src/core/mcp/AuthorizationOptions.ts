/**
 * What a caller says about the authorization request.
 */

/**
 * How the authorization request is shaped.
 *
 * @since 0.1.0
 * @category options
 */
export interface AuthorizationOptions {
  /**
   * Parameters that are added to the authorization request, such as `audience`, `access_type`, `login_hint`, `prompt` or
   * `domain_hint`. Those that a sign-in sets itself (`state`, `scope`, `redirect_uri` …) cannot be added. `prompt` is never
   * sent unless it is added here.
   *
   * @default none
   */
  readonly authorizationParameters?: Readonly<Record<string, string>> | undefined
  /**
   * The URL of the authorization server's metadata (RFC 8414, OpenID Connect Discovery), instead of what the MCP server
   * names: for servers that publish nothing. It is trusted as the caller's own word.
   *
   * @default what the MCP server names
   */
  readonly authorizationServerMetadataUrl?: string | URL | undefined
  /**
   * Asks for the scope `offline_access` where the authorization server offers it: many give no refresh token without.
   *
   * @default true
   */
  readonly offlineAccess?: boolean | undefined
  /**
   * Scopes to ask for beside those that the server asks for, separated by spaces; or `{ exactly }`: these and no others,
   * whatever the server asks for, and no scope at all where the text is empty. A request that needs others is then answered
   * as the server refuses it (403), and nobody is asked.
   *
   * @default what the server asks for, else all that it says it supports
   */
  readonly scope?: string | { readonly exactly: string } | undefined
}
