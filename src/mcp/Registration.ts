/**
 * Dynamic registration of this program at an authorization server (RFC 7591).
 */
import * as Effect from "effect/Effect"
import type { ClientRegistration } from "../core/mcp/Credentials.ts"
import * as ClientChoice from "../core/mcp/ClientChoice.ts"
import * as ClientMetadata from "../core/mcp/ClientMetadata.ts"
import * as Fault from "../core/mcp/Fault.ts"
import * as ClientRefusal from "../core/mcp/ClientRefusal.ts"
import { RegistrationError } from "../core/mcp/SignInError.ts"
import { countRegistration } from "../metrics/mcpMetrics.ts"
import type { Discovered } from "./Discovery.ts"
import type { ServerEnvironment } from "./Environment.ts"
import * as Pauses from "./Pauses.ts"
import * as ServerRequest from "./ServerRequest.ts"

const once = (
  env: ServerEnvironment,
  { server }: Discovered,
  redirectUri: string,
  scope: string | undefined
): Effect.Effect<ClientRegistration, RegistrationError> =>
  Effect.gen(function* () {
    const { authMethods, issuer, registrationEndpoint } = server
    if (registrationEndpoint === undefined) return yield* new RegistrationError({ reason: "NotSupported", issuer })
    const clientMetadata = ClientMetadata.make({
      applicationType: env.applicationType,
      authMethods,
      clientName: env.clientName,
      redirectUri,
      scope
    })
    const outcome = yield* ServerRequest.postJson(env, registrationEndpoint, clientMetadata)
    const document = Fault.documentOf(outcome)
    const registered = document === undefined ? undefined : ClientChoice.fromResponse(document, redirectUri)
    return registered ?? (yield* new RegistrationError({ issuer, ...Fault.of(outcome) }))
  })

/**
 * Registers this program for a redirect URI. Some servers refuse a registration that names scopes: it is sent once more
 * without them.
 */
export const register = (
  env: ServerEnvironment,
  discovered: Discovered,
  redirectUri: string,
  scope: string | undefined
): Effect.Effect<ClientRegistration, RegistrationError> =>
  Effect.catchIf(
    Effect.flatMap(Pauses.registration(env), () => once(env, discovered, redirectUri, scope)),
    (error: RegistrationError) => scope !== undefined && ClientRefusal.mayConcernScope(error),
    () => once(env, discovered, redirectUri, undefined)
  ).pipe(
    Effect.tapError((error) => Pauses.note(env, error)),
    countRegistration,
    Effect.withSpan("McpOAuth.register", {
      attributes: { issuer: discovered.server.issuer },
      captureStackTrace: false
    })
  )
