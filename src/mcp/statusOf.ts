/**
 * The status of a sign-in, by the credentials that are known.
 */
import { type Credentials, dateMillis } from "../core/mcp/Credentials.ts"
import * as ScopeSet from "../core/mcp/ScopeSet.ts"
import { printable } from "../core/text/SafeText.ts"
import type { Environment } from "./Environment.ts"
import type { Status } from "./Status.ts"

/**
 * The status. Credentials may come from a store that holds anything, so their texts are made printable, and a time that is
 * none of a `Date` is left out.
 */
export const statusOf = (
  { key, label }: Pick<Environment, "key" | "label">,
  isSigningIn: boolean,
  { client, issuer, tokens }: Partial<Credentials>,
  now: number
): Status => {
  const expiresAt = dateMillis(tokens?.expiresAt)
  const isRefused = tokens?.refreshRefusedAt !== undefined
  const isRefreshable = tokens?.refreshToken !== undefined && !isRefused
  return {
    server: label,
    account: key.account ?? "",
    isSignedIn: tokens !== undefined && !isRefused && (isRefreshable || expiresAt === undefined || expiresAt > now),
    isSigningIn,
    issuer: issuer === undefined ? undefined : printable(issuer, 2048),
    clientId: client === undefined ? undefined : printable(client.clientId, 4096),
    scopes: ScopeSet.parse(ScopeSet.ofServer(tokens?.scope)),
    expiresAt,
    isRefreshable
  }
}
