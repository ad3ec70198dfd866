/**
 * What is known about a sign-in, to show to the person.
 */
import { type Credentials, dateMillis } from "../core/mcp/Credentials.ts"
import * as ScopeSet from "../core/mcp/ScopeSet.ts"
import { printable } from "../core/text/SafeText.ts"
import type { Environment } from "./Environment.ts"

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
  /** There is an access token whose time is not over, or one that can be refreshed. The server may still refuse it. */
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
  /** Whether there is a refresh token. */
  readonly isRefreshable: boolean
}

/**
 * The status by the credentials that are known. They may come from a store that keeps anything, so that their texts are made
 * printable, and times are those of a `Date`.
 */
export const make = (
  { key, label }: Pick<Environment, "key" | "label">,
  isSigningIn: boolean,
  { client, issuer, tokens }: Partial<Credentials>,
  now: number
): Status => {
  const expiresAt = dateMillis(tokens?.expiresAt)
  const isRefreshable = tokens?.refreshToken !== undefined
  return {
    server: label,
    account: key.account ?? "",
    isSignedIn: tokens !== undefined && (isRefreshable || expiresAt === undefined || expiresAt > now),
    isSigningIn,
    issuer: issuer === undefined ? undefined : printable(issuer, 2048),
    clientId: client === undefined ? undefined : printable(client.clientId, 4096),
    scopes: ScopeSet.parse(ScopeSet.ofServer(tokens?.scope)),
    expiresAt,
    isRefreshable
  }
}
