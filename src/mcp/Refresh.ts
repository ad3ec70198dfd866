/**
 * Refreshing an access token, without a person.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { ClientRegistration, Credentials, Tokens } from "../core/mcp/Credentials.ts"
import type { BearerChallenge } from "../core/mcp/Challenge.ts"
import * as ClientChoice from "../core/mcp/ClientChoice.ts"
import type { Closed } from "../core/mcp/Closed.ts"
import * as KnownCredentials from "../core/mcp/KnownCredentials.ts"
import * as SessionState from "../core/mcp/SessionState.ts"
import {
  type DiscoveryError,
  isUnknownClient,
  type TokenError,
  type UntrustedMetadata
} from "../core/mcp/SignInError.ts"
import type { CredentialStoreError } from "../services/CredentialStore.ts"
import * as Discovery from "./Discovery.ts"
import type { Environment } from "./Environment.ts"
import type { SessionCell } from "./SessionCell.ts"
import { spend } from "./Spending.ts"
import * as Stored from "./Stored.ts"
import * as TokenRequests from "./TokenRequests.ts"

/** Every way a refresh fails without ending the sign-in. */
export type RefreshError =
  | Closed
  | CredentialStoreError
  | DiscoveryError
  | TokenError
  | UntrustedMetadata

/** What a refresh is made with. */
interface Refreshable {
  readonly issuer: string
  readonly client: ClientRegistration
  readonly tokens: Tokens & { readonly refreshToken: Redacted.Redacted<string> }
}

/**
 * What to refresh with. `"newer"`: another object of this process, or another process, refreshed already. `"nothing"`:
 * there is no refresh token.
 */
const refreshableOf = (
  env: Environment,
  credentials: Option.Option<Credentials>,
  used: string
): Refreshable | "newer" | "nothing" => {
  const { client, issuer, tokens } = Option.getOrUndefined(credentials) ?? {}
  if (tokens === undefined || issuer === undefined) return "nothing"
  if (Redacted.value(tokens.accessToken) !== used) return "newer"
  const { refreshToken } = tokens
  return refreshToken === undefined || client === undefined
    ? "nothing"
    : { issuer, client: ClientChoice.withOptions(client, env), tokens: { ...tokens, refreshToken } }
}

/** The credentials without their tokens, which the server called invalid, and perhaps without the registration. */
const withoutTokens = ({ client, extra, issuer }: Credentials, knowsClient: boolean): Credentials => ({
  issuer,
  client: knowsClient ? client : undefined,
  extra
})

/** What remains of the credentials when a refresh fails; `None`: all of it, and the caller gets the error. */
const afterFailure = (
  env: Environment,
  error: TokenError,
  credentials: Credentials,
  { clientId }: ClientRegistration
): Option.Option<Credentials> => {
  const code = error._tag === "TokenError" ? error.error : undefined
  if (code === "invalid_grant") return Option.some(withoutTokens(credentials, true))
  // A client that the current options name is for the caller to correct. One that is only stored is registered again.
  const isOfOptions = [env.client?.clientId, env.clientMetadataUrl].includes(clientId)
  return isUnknownClient(code) && !isOfOptions ? Option.some(withoutTokens(credentials, false)) : Option.none()
}

/** Sends the refresh token while no other caller can change the store, and stores what comes of it. */
const trade = (
  env: Environment,
  cell: SessionCell,
  used: string,
  discovered: Discovery.Discovered,
  tellLate: Effect.Effect<void>
) =>
  Stored.modify(env, (stored) => {
    const credentials = KnownCredentials.newest(cell.get().known, stored)
    /** The new credentials are known before they are stored: what cannot be stored is not lost for this process. */
    const settle = (isRefreshed: boolean, next: Option.Option<Credentials>) =>
      Effect.sync(() => {
        cell.update((state, now) => {
          const replaced = SessionState.credentialsReplaced(state, next, now)
          return isRefreshed ? SessionState.tokenRefreshed(replaced, now) : replaced
        })
        return [isRefreshed, next] as const
      })
    const found = refreshableOf(env, credentials, used)
    if (typeof found === "string") return settle(found === "newer", credentials)
    // The MCP server has moved to another authorization server, which must not see tokens of the one before.
    if (found.issuer !== discovered.server.issuer) {
      return settle(false, Option.map(credentials, (rest) => withoutTokens(rest, true)))
    }
    return Effect.matchEffect(TokenRequests.refresh(env, tellLate, discovered, found.client, found.tokens), {
      onSuccess: (tokens) => settle(true, Option.map(credentials, (rest) => ({ ...rest, tokens }))),
      onFailure: (error) => {
        const next = Option.flatMap(credentials, (rest) => afterFailure(env, error, rest, found.client))
        return Option.isSome(next) ? settle(false, next) : Effect.fail(error)
      }
    })
  })

/**
 * Trades the refresh token for new tokens. Of several callers at once one sends it, and the others find the new tokens.
 *
 * @param used The access token that was refused, or is about to expire.
 * @returns whether there is another access token now. `false`: a person has to sign in, and what the server called
 * invalid is no longer stored.
 */
export const refresh = (
  env: Environment,
  cell: SessionCell,
  used: string,
  challenge: BearerChallenge
): Effect.Effect<boolean, RefreshError> =>
  Effect.gen(function* () {
    const stored = yield* Stored.load(env)
    const found = refreshableOf(env, KnownCredentials.newest(cell.get().known, stored), used)
    if (typeof found === "string") {
      cell.update((state, now) => {
        const read = SessionState.credentialsRead(state, stored, now)
        return found === "newer" ? SessionState.tokenRefreshed(read, now) : read
      })
      return found === "newer"
    }
    const discovered = yield* Discovery.discover(env, challenge, found.issuer)
    return yield* spend(env, { grant: "refresh_token", issuer: found.issuer }, ({ tellLate }) =>
      Effect.tap(trade(env, cell, used, discovered, tellLate), () =>
        Effect.sync(() =>
          cell.update(SessionState.credentialsStored)
        )))
  }).pipe(Effect.withSpan("McpOAuth.refresh", { attributes: { server: env.label } }))
