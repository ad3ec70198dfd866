/**
 * Checks that a caller may waive.
 */

/**
 * Checks of the authorization server's metadata that are waived for one server. The person is warned of each that was
 * needed. Every default is `false`: the check is made.
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
}
