/**
 * Checks that a caller may waive.
 */

/**
 * Checks that are waived for one server. The person is warned of each that would have failed. Every default is `false`: the
 * check is made.
 *
 * @since 0.1.0
 * @category options
 */
export interface Unsafe {
  /**
   * Signs in although the server does not say that it supports PKCE with `S256` (RFC 7636). Without PKCE a stolen code can
   * be used by others.
   *
   * @default false
   */
  readonly allowMissingS256?: boolean | undefined
  /**
   * Accepts metadata whose `issuer` is not the one that was asked for (RFC 8414 section 3.3). Without the check another
   * server can pose as the authorization server.
   *
   * @default false
   */
  readonly allowIssuerMismatch?: boolean | undefined
  /**
   * Sends no `resource` (RFC 8707), for authorization servers that refuse it, such as Microsoft Entra ID. The token may
   * then be of use at other servers too.
   *
   * @default false
   */
  readonly omitResource?: boolean | undefined
  /**
   * Accepts metadata whose `resource` is another server's (RFC 9728 section 3.3). Without the check a server can get a
   * token that is for another one.
   *
   * @default false
   */
  readonly allowResourceMismatch?: boolean | undefined
}
