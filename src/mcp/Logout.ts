/**
 * Signing out: the server is told where it wants to be told (RFC 7009), and everything is forgotten here.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { Credentials } from "../core/mcp/Credentials.ts"
import type { BearerChallenge } from "../core/mcp/Challenge.ts"
import * as ClientChoice from "../core/mcp/ClientChoice.ts"
import type { Closed, DiscoveryError, RevocationError, SdkMissing, UntrustedMetadata } from "../core/mcp/SignInError.ts"
import type { CredentialStoreError } from "../services/CredentialStore.ts"
import * as Discovery from "./Discovery.ts"
import type { Environment } from "./Environment.ts"
import type { Memory } from "./Memory.ts"
import * as TokenRequests from "./TokenRequests.ts"

/** Every way signing out fails; but for `CredentialStoreError`, all is forgotten here nevertheless. */
export type LogoutError =
  | Closed
  | CredentialStoreError
  | DiscoveryError
  | RevocationError
  | SdkMissing
  | UntrustedMetadata

const revoke = (
  env: Environment,
  { client, issuer, tokens }: Credentials,
  challenge: Effect.Effect<BearerChallenge, Closed | DiscoveryError>
): Effect.Effect<void, Closed | DiscoveryError | RevocationError | SdkMissing | UntrustedMetadata> =>
  Effect.gen(function* () {
    if (tokens === undefined || client === undefined) return
    const discovered = yield* Discovery.discover(env, yield* challenge, issuer)
    const endpoint = discovered.server.revocationEndpoint
    // Tokens of a server that was left are not shown to the one that came after it.
    if (endpoint === undefined || discovered.server.issuer !== issuer) return
    const known = ClientChoice.withOptions(client, env)
    const end = (token: Redacted.Redacted<string>, hint: "access_token" | "refresh_token") =>
      TokenRequests.revoke(env, discovered, known, endpoint, token, hint)
    // The refresh token first: with it most servers end all that came of it. Both are tried, whatever becomes of one.
    const ended = yield* Effect.either(
      tokens.refreshToken === undefined ? Effect.void : end(tokens.refreshToken, "refresh_token")
    )
    yield* end(tokens.accessToken, "access_token")
    yield* ended
  })

/** Forgets first, then tells the server: who signs out is out, whatever the network does. */
export const run = (
  env: Environment,
  memory: Memory,
  challenge: Effect.Effect<BearerChallenge, Closed | DiscoveryError>
): Effect.Effect<void, LogoutError> =>
  Effect.gen(function* () {
    const credentials = yield* env.store.modify(env.key, (stored) =>
      Effect.succeed([memory.newest(stored), Option.none()]))
    memory.take(Option.none(), yield* Clock.currentTimeMillis)
    memory.saved()
    if (Option.isSome(credentials)) {
      yield* revoke(env, credentials.value, challenge)
    }
  })
