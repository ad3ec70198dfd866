/**
 * The registration that is stored: a new one, and whether the one that is used is in doubt.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ClientRegistration } from "../core/mcp/Credentials.ts"
import * as KnownCredentials from "../core/mcp/KnownCredentials.ts"
import { sameIssuer } from "../core/mcp/Metadata.ts"
import { tellNow } from "../flow/Notices.ts"
import type { CredentialStoreError } from "../services/CredentialStore.ts"
import type { Environment } from "./Environment.ts"
import * as Stored from "./Stored.ts"

/**
 * Stores a new registration at once, so that sign-ins which are not finished do not register again and again. Tokens that
 * may still be valid need the registration that they were obtained with: it stays beside the new one until there are others.
 */
export const keep = (
  env: Environment,
  issuer: string,
  client: ClientRegistration
): Effect.Effect<void, CredentialStoreError> =>
  Stored.modify(env, (current) =>
    Effect.succeed([
      undefined,
      Option.isNone(current) || current.value.tokens === undefined
        ? Option.some({ issuer, client, extra: Option.getOrUndefined(current)?.extra })
        // Tokens of another authorization server stay until there are others: the MCP server may move back.
        : Option.some(
          sameIssuer(issuer, current.value.issuer) ? { ...current.value, nextClient: client } : current.value
        )
    ]))

/** Stores the doubt of a registration. Nothing else is changed: tokens that came of it need it to be refreshed. */
export const setDoubt = (
  env: Environment,
  { clientId }: ClientRegistration,
  doubt: KnownCredentials.Doubt
): Effect.Effect<void, CredentialStoreError> =>
  Stored.modify(env, (current) =>
    Effect.succeed([
      undefined,
      Option.map(current, (credentials) => KnownCredentials.withDoubt(credentials, clientId, doubt))
    ]))

/** A registration that an answer came for. */
export const withoutDoubt = (client: ClientRegistration): ClientRegistration => KnownCredentials.doubted(client, "None")

/** How long a person who can go on usually takes at most to see the page. */
const untilDoubt = Duration.seconds(20)

/** Tells the person, when no answer has come for a while, what to do where the server shows an error instead. */
export const tellOfDoubt = (env: Environment, isAnswered: () => boolean): Effect.Effect<void> =>
  Effect.zipRight(
    Effect.sleep(untilDoubt),
    Effect.suspend(() =>
      isAnswered() ? Effect.void : tellNow(env.presenter, { _tag: "MaybeForgotten", serverName: env.serverName })
    )
  )
