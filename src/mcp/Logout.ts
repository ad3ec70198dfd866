/**
 * Signing out: the credentials are forgotten here, and the tokens revoked where the server offers that (RFC 7009).
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import { type Credentials, dateMillis } from "../core/mcp/Credentials.ts"
import type { BearerChallenge } from "../core/mcp/Challenge.ts"
import * as ClientChoice from "../core/mcp/ClientChoice.ts"
import type { Closed } from "../core/mcp/Closed.ts"
import * as KnownCredentials from "../core/mcp/KnownCredentials.ts"
import { sameIssuer } from "../core/mcp/Metadata.ts"
import * as Revocation from "../core/mcp/Revocation.ts"
import * as SessionState from "../core/mcp/SessionState.ts"
import type { DiscoveryError, RevocableToken, RevocationError, UntrustedMetadata } from "../core/mcp/SignInError.ts"
import type { CredentialStoreError } from "../services/CredentialStore.ts"
import * as Discovery from "./Discovery.ts"
import type { Environment } from "./Environment.ts"
import type { SessionCell } from "./SessionCell.ts"
import * as Stored from "./Stored.ts"
import * as TokenRequests from "./TokenRequests.ts"

/** Every way signing out fails. Except after `CredentialStoreError`, the credentials are forgotten here nevertheless. */
export type LogoutError =
  | Closed
  | CredentialStoreError
  | DiscoveryError
  | RevocationError
  | UntrustedMetadata

const revoke = (
  env: Environment,
  { client, issuer, tokens }: Credentials,
  challenge: Effect.Effect<BearerChallenge, Closed | DiscoveryError>
): Effect.Effect<void, Closed | DiscoveryError | RevocationError | UntrustedMetadata> =>
  Effect.gen(function* () {
    if (tokens === undefined || client === undefined) return
    const discovered = yield* Discovery.discover(env, yield* challenge, issuer)
    const endpoint = discovered.server.revocationEndpoint
    // The MCP server may have moved to another authorization server, which must not see tokens of the one before.
    if (endpoint === undefined || !sameIssuer(discovered.server.issuer, issuer)) return
    const known = ClientChoice.withOptions(client, env)
    const revokeToken = (token: RevocableToken, secret: Redacted.Redacted<string>) =>
      Effect.map(
        TokenRequests.revoke(env, discovered, known, endpoint, secret, token),
        (fault): Revocation.Attempt => ({ token, fault })
      )
    // The refresh token first: most servers then revoke the access tokens that came of it. Both are tried in any case.
    const attempts = [
      ...tokens.refreshToken === undefined ? [] : [yield* revokeToken("refresh_token", tokens.refreshToken)],
      yield* revokeToken("access_token", tokens.accessToken)
    ]
    const expiresAt = dateMillis(tokens.expiresAt)
    const validUntil = expiresAt === undefined ? undefined : new Date(expiresAt).toISOString()
    const error = Revocation.errorOf(issuer, attempts, validUntil)
    if (error !== undefined) return yield* error
  })

/** Forgets the credentials first, then revokes the tokens: after signing out none can be used here in any case. */
export const run = (
  env: Environment,
  cell: SessionCell,
  challenge: Effect.Effect<BearerChallenge, Closed | DiscoveryError>
): Effect.Effect<void, LogoutError> =>
  Effect.gen(function* () {
    const credentials = yield* Stored.modify(env, (stored) =>
      Effect.sync(() => [KnownCredentials.newest(cell.get().known, stored), Option.none()]))
    cell.update((state, now) =>
      SessionState.credentialsStored(SessionState.credentialsReplaced(state, Option.none(), Option.none(), now))
    )
    if (Option.isSome(credentials)) {
      yield* revoke(env, credentials.value, challenge)
    }
  }).pipe(Effect.withSpan("McpOAuth.logout", { attributes: { server: env.label }, captureStackTrace: false }))
