/**
 * Dynamic registration of this program at an authorization server (RFC 7591).
 */
import * as Effect from "effect/Effect"
import type { ClientRegistration } from "../core/mcp/Credentials.ts"
import * as ClientChoice from "../core/mcp/ClientChoice.ts"
import * as ClientMetadata from "../core/mcp/ClientMetadata.ts"
import { RegistrationError, type SdkMissing } from "../core/mcp/SignInError.ts"
import type { Discovered } from "./Discovery.ts"
import type { Environment } from "./Environment.ts"
import { faultOf, step } from "./Step.ts"

const once = (
  env: Environment,
  { metadata, server }: Discovered,
  redirectUri: string,
  scope: string | undefined
): Effect.Effect<ClientRegistration, RegistrationError | SdkMissing> =>
  Effect.gen(function* () {
    if (!server.canRegister) return yield* new RegistrationError({ reason: "NotSupported", issuer: server.issuer })
    const { authMethods } = server
    const clientMetadata = ClientMetadata.make({ authMethods, clientName: env.clientName, redirectUri, scope })
    const { outcome, timedOut } = yield* step(env, (sdk, fetch) =>
      sdk.registerClient(server.issuer, {
        metadata,
        clientMetadata,
        fetchFn: fetch
      }))
    // Not the result of the SDK: it drops fields that are kept, such as the token to change the registration with.
    const registered = outcome._tag === "Answered" && outcome.status < 300 && outcome.document !== undefined
      ? ClientChoice.fromResponse(outcome.document, redirectUri)
      : undefined
    if (registered !== undefined && !timedOut) return registered
    return yield* new RegistrationError({ issuer: server.issuer, ...faultOf({ outcome, timedOut }) })
  })

/**
 * Registers this program for a redirect URI. Some servers refuse a registration that names scopes: it is sent once more
 * without them.
 */
export const register = (
  env: Environment,
  discovered: Discovered,
  redirectUri: string,
  scope: string | undefined
): Effect.Effect<ClientRegistration, RegistrationError | SdkMissing> =>
  Effect.catchIf(
    once(env, discovered, redirectUri, scope),
    (error) =>
      error._tag === "RegistrationError" && error.reason === "Rejected" && error.status === 400 && scope !== undefined,
    () => once(env, discovered, redirectUri, undefined)
  ).pipe(Effect.withSpan("McpOAuth.register", { attributes: { issuer: discovered.server.issuer } }))
