/**
 * Renewing a token without a person.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Credentials } from "../core/mcp/Credentials.ts"
import type { BearerChallenge } from "../core/mcp/Challenge.ts"
import * as ClientChoice from "../core/mcp/ClientChoice.ts"
import {
  type Closed,
  type DiscoveryError,
  isUnknownClient,
  type SdkMissing,
  type TokenError,
  type UntrustedMetadata
} from "../core/mcp/SignInError.ts"
import type { CredentialStoreError } from "../services/CredentialStore.ts"
import * as Discovery from "./Discovery.ts"
import type { Environment } from "./Environment.ts"
import { spending } from "./Step.ts"
import type { Memory } from "./Memory.ts"
import * as TokenRequests from "./TokenRequests.ts"

/** Every way a refresh fails without ending the sign-in. */
export type RefreshError =
  | Closed
  | CredentialStoreError
  | DiscoveryError
  | SdkMissing
  | TokenError
  | UntrustedMetadata

/** The part of the credentials that is kept when the server says that the rest is worth nothing. */
const withoutTokens = ({ client, extra, issuer }: Credentials, knowsClient: boolean): Credentials => ({
  issuer,
  client: knowsClient ? client : undefined,
  extra
})

/**
 * Trades the refresh token for new ones, exclusively: whoever comes second finds the new ones.
 *
 * @param used The access token that was refused, or is about to expire.
 * @returns whether there are other tokens now. `false`: only a person can go on, and what the server called invalid
 * is no longer stored.
 */
export const refresh = (
  env: Environment,
  memory: Memory,
  used: string,
  challenge: BearerChallenge
): Effect.Effect<boolean, RefreshError> => {
  const { key, store } = env
  /** What there is to refresh with, unless somebody else was quicker. */
  const look = (credentials: Option.Option<Credentials>) => {
    const { client, issuer, tokens } = Option.getOrUndefined(credentials) ?? {}
    if (tokens === undefined || issuer === undefined) return "nothing"
    if (Redacted.value(tokens.accessToken) !== used) return "newer"
    const { refreshToken } = tokens
    return refreshToken === undefined || client === undefined
      ? "nothing"
      : { issuer, client: ClientChoice.withOptions(client, env), tokens: { ...tokens, refreshToken } }
  }
  /** The new state is known before it is stored: what cannot be stored is not lost for this process. */
  const settle = (result: boolean, next: Option.Option<Credentials>) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      memory.take(next, now)
      return [result, next] as const
    })
  const trade = (discovered: Discovery.Discovered) =>
    store.modify(key, (stored) => {
      const credentials = memory.newest(stored)
      const found = look(credentials)
      if (typeof found === "string") return settle(found === "newer", credentials)
      // The server moved to another authorization server: nothing of the old one may be shown to it.
      if (found.issuer !== discovered.server.issuer) {
        return settle(false, Option.map(credentials, (rest) => withoutTokens(rest, true)))
      }
      return Effect.matchEffect(TokenRequests.refresh(env, discovered, found.client, found.tokens), {
        onSuccess: (tokens) => settle(true, Option.map(credentials, (rest) => ({ ...rest, tokens }))),
        onFailure: (error) => {
          const refused = error._tag === "TokenError" ? error.error : undefined
          // What is forgotten is what was sent: nobody else could change it meanwhile.
          if (refused === "invalid_grant") {
            return settle(false, Option.map(credentials, (rest) => withoutTokens(rest, true)))
          }
          // A client that a person configured is the person's to correct; one that was configured before is nobody's.
          const isConfigured = [env.client?.clientId, env.clientMetadataUrl].includes(found.client.clientId)
          return isUnknownClient(refused) && !isConfigured
            ? settle(false, Option.map(credentials, (rest) => withoutTokens(rest, false)))
            : Effect.fail(error)
        }
      })
    })
  return Effect.gen(function* () {
    const stored = yield* store.load(key)
    const found = look(memory.newest(stored))
    if (typeof found === "string") {
      memory.load(stored, yield* Clock.currentTimeMillis)
      return found === "newer"
    }
    const discovered = yield* Discovery.discover(env, challenge, found.issuer)
    return yield* spending(env, Effect.tap(trade(discovered), () => Effect.sync(memory.saved)))
  }).pipe(Effect.withSpan("McpOAuth.refresh", { attributes: { server: env.label } }))
}
