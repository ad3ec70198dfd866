/**
 * Which scopes a sign-in asks for, and which ones a program is registered for.
 */
import type { AuthorizationChoice } from "./AuthorizationChoice.ts"
import type { AuthorizationServer, ProtectedResource } from "./Metadata.ts"
import * as ScopeSet from "./ScopeSet.ts"

type Choice = Pick<AuthorizationChoice, "exactScope" | "offlineAccess" | "scope">

/** What the MCP server supports, without what the caller wants left out. */
const supported = ({ offlineAccess }: Choice, { resource }: Offered): string | undefined =>
  offlineAccess
    ? resource.scopes
    : ScopeSet.union(...ScopeSet.parse(resource.scopes).filter((scope) => scope !== "offline_access"))

/** What the servers say about scopes. */
interface Offered {
  readonly resource: Pick<ProtectedResource, "scopes">
  readonly server: Pick<AuthorizationServer, "offersOfflineAccess">
}

/**
 * The scopes to ask for: those of the options and those that are `wanted`, else all that the MCP server supports, else
 * none, so that the authorization server decides. Where the caller names the exact scopes, these alone.
 *
 * @param wanted Scopes of the challenge, and others that are needed.
 */
export const toAsk = (choice: Choice, wanted: string | undefined, offered: Offered): string | undefined => {
  const { exactScope, offlineAccess, scope: own } = choice
  if (exactScope !== undefined) return exactScope === "" ? undefined : exactScope
  const scope = ScopeSet.union(own, wanted) ?? supported(choice, offered)
  // Without it many servers give no refresh token, and the person would have to sign in again every hour.
  return ScopeSet.limited(
    scope !== undefined && offlineAccess && offered.server.offersOfflineAccess
      ? ScopeSet.union(scope, "offline_access")
      : scope
  )
}

/** The scopes to register for: those that may be asked for later too, unless the caller names the exact ones. */
export const toRegister = (choice: Choice, asked: string | undefined, offered: Offered): string | undefined =>
  choice.exactScope === undefined ? ScopeSet.union(asked, supported(choice, offered)) : asked
