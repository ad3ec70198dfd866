/**
 * The options of a sign-in to one MCP server that are the same with Effect and without.
 */
import type { AuthorizationOptions } from "../core/mcp/AuthorizationOptions.ts"
import type { ClientOptions } from "../core/mcp/ClientOptions.ts"
import type { Unsafe } from "../core/mcp/Unsafe.ts"
import type { FetchLike } from "./FetchLike.ts"

/**
 * Which server to sign in to, and how.
 *
 * @typeParam Secret How a client secret is held.
 *
 * @since 0.1.0
 * @category options
 */
export interface ServerOptions<Secret> extends AuthorizationOptions, ClientOptions<Secret> {
  /** The URL of the MCP server: https, or http on this machine. Tokens are sent to its origin and nowhere else. */
  readonly serverUrl: string | URL
  /** What the person signs in to, as the terminal names it. @default the host of `serverUrl` */
  readonly name?: string | undefined
  /** Tells two identities on one server apart. @default "" */
  readonly account?: string | undefined
  /**
   * `false`: no browser is opened; where a person has to sign in, it fails with `InteractionRequired`.
   *
   * @default true
   */
  readonly interactive?: boolean | undefined
  /**
   * Sends every request, to the MCP server and to authorization servers: for proxies, private certificate authorities and
   * tests.
   *
   * @default the runtime's `fetch`
   */
  readonly fetch?: FetchLike | undefined
  /** Checks that are waived for this server. @default none */
  readonly unsafe?: Unsafe | undefined
}
