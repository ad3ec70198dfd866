/**
 * One sign-in with a person: discovery, callback listener, registration, authorization, token request, storing.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { type BindError, isPortTaken } from "../core/oauth/BindError.ts"
import type { ClientRegistration, Credentials } from "../core/mcp/Credentials.ts"
import { AuthorizationTimeout, type FlowError } from "../core/oauth/FlowError.ts"
import type { BearerChallenge } from "../core/mcp/Challenge.ts"
import * as AuthorizationRequest from "../core/mcp/AuthorizationRequest.ts"
import * as ClientChoice from "../core/mcp/ClientChoice.ts"
import * as Metadata from "../core/mcp/Metadata.ts"
import type { Closed } from "../core/mcp/Closed.ts"
import * as RegistrationRetry from "../core/mcp/RegistrationRetry.ts"
import * as ScopeSet from "../core/mcp/ScopeSet.ts"
import type { Unsafe } from "../core/mcp/Unsafe.ts"
import {
  type DiscoveryError,
  isUnknownClient,
  type RegistrationError,
  type TokenError,
  type UntrustedMetadata
} from "../core/mcp/SignInError.ts"
import { printable } from "../core/text/SafeText.ts"
import { CallbackFlow } from "../flow/CallbackFlow.ts"
import { Pkce } from "../flow/Pkce.ts"
import { tellNow } from "../flow/Notices.ts"
import type { CredentialStoreError } from "../services/CredentialStore.ts"
import * as Discovery from "./Discovery.ts"
import type { Environment, Services } from "./Environment.ts"
import { spend } from "./Spending.ts"
import * as Stored from "./Stored.ts"
import * as Registration from "./Registration.ts"
import * as TokenRequests from "./TokenRequests.ts"

/** Every way a sign-in with a person fails. */
export type SignInError =
  | BindError
  | Closed
  | CredentialStoreError
  | DiscoveryError
  | FlowError
  | RegistrationError
  | TokenError
  | UntrustedMetadata

/** What to sign in for. */
export interface SignInRequest {
  /** What the MCP server said when it refused a request. */
  readonly challenge: BearerChallenge
  /** Scopes to ask for beside those of the challenge. */
  readonly moreScopes?: string | undefined
  /** Called when a browser window is about to be opened. */
  readonly onAsked: () => void
  /** Called with the new credentials before they are stored, and with the scopes that were asked for. */
  readonly onCredentials: (credentials: Credentials, scope: string | undefined) => void
  /** Called when the new credentials are stored. */
  readonly onStored: () => void
}

/**
 * The scopes to ask for: those of the challenge and of the options, else all that the MCP server supports, else none, so
 * that the authorization server decides. Where the caller names the exact scopes, these alone.
 */
const scopeOf = (
  env: Environment,
  { challenge, moreScopes }: SignInRequest,
  { resource, server }: Discovery.Discovered
) => {
  if (env.exactScope !== undefined) return env.exactScope === "" ? undefined : env.exactScope
  const scope = ScopeSet.union(env.scope, challenge.scope, moreScopes) ?? resource.scopes
  // Without it many servers give no refresh token, and the person would have to sign in again every hour.
  return ScopeSet.limited(
    scope !== undefined && env.offlineAccess && server.offersOfflineAccess
      ? ScopeSet.union(scope, "offline_access")
      : scope
  )
}

/** The scopes to register for: those that may be asked for later too, unless the caller names the exact ones. */
const scopesToRegister = (env: Environment, scope: string | undefined, supported: string | undefined) =>
  env.exactScope === undefined ? ScopeSet.union(scope, supported) : scope

/** The checks that were waived in this sign-in, of which the person is told once. */
const waived = ({ unsafe }: Environment, { resource, server }: Discovery.Discovered): ReadonlyArray<keyof Unsafe> => [
  ...resource.waived,
  ...(unsafe.omitResource === true ? ["omitResource" as const] : []),
  ...server.waived
]

/** Opens the callback flow, on the first ports that are free. */
const open = (
  env: Environment,
  choice: ClientChoice.ClientChoice
): Effect.Effect<CallbackFlow, BindError, Scope.Scope | Services> => {
  const { timeout: _, ...options } = env.callback
  const attempt = (
    [first, ...rest]: ReadonlyArray<ClientChoice.ListenAttempt>
  ): ReturnType<typeof CallbackFlow.open> => {
    const { maybeUnregistered, ...each } = first ?? { maybeUnregistered: false }
    const opened = Effect.tap(
      CallbackFlow.open({ ...options, ...each }),
      ({ redirectUri }) =>
        maybeUnregistered
          ? tellNow(env.presenter, { _tag: "MaybeUnregistered", serverName: env.serverName, redirectUri })
          : Effect.void
    )
    return rest.length === 0 ? opened : Effect.catchIf(opened, ({ reason }) => isPortTaken(reason), () => attempt(rest))
  }
  return attempt(ClientChoice.listen(choice, options))
}

/** Stores a new registration at once, so that sign-ins which are not finished do not register again and again. */
const keepRegistration = (
  env: Environment,
  issuer: string,
  client: ClientRegistration
): Effect.Effect<void, CredentialStoreError> =>
  Stored.modify(env, (current) =>
    Effect.succeed([
      undefined,
      // Tokens that may still be valid belong to the registration they were obtained with: it stays until there are others.
      Option.isSome(current) && current.value.issuer === issuer && current.value.tokens !== undefined
        ? current
        : Option.some({ issuer, client, extra: Option.getOrUndefined(current)?.extra })
    ]))

/**
 * Forgets a registration, unless another one is stored by now. Tokens that were obtained with it need it to be refreshed:
 * then only its redirect URIs are forgotten, so that the next sign-in registers anew.
 */
const forgetRegistration = (
  env: Environment,
  { clientId }: ClientRegistration
): Effect.Effect<void, CredentialStoreError> =>
  Stored.modify(env, (current) =>
    Effect.succeed([
      undefined,
      Option.map(
        current,
        (credentials) => {
          const { client, tokens } = credentials
          if (client?.clientId !== clientId) return credentials
          return { ...credentials, client: tokens === undefined ? undefined : { ...client, redirectUris: [] } }
        }
      )
    ]))

/** What may have been on the page of a sign-in that brought no answer, and which option helps. */
const timeoutHint = ({ clientId }: ClientRegistration, redirectUri: string, resource: string | undefined): string => {
  const wrong = [
    `of the client ${JSON.stringify(printable(clientId, 100))} (client.clientId)`,
    `of the redirect URI ${redirectUri} (callback.host, callback.port)`,
    ...(resource === undefined ? [] : ["of the resource (unsafe.omitResource, which Microsoft Entra ID needs)"])
  ]
  return `If its page showed an error, it may be one ${wrong.join(", or ")}`
}

/** Whether the authorization server says that it does not know the client any more. */
const isClientForgotten = (error: SignInError): boolean =>
  (error._tag === "AuthorizationDenied" || error._tag === "TokenError") && isUnknownClient(error.error)

const signInOnce = (
  env: Environment,
  request: SignInRequest,
  discovered: Discovery.Discovered,
  choice: ClientChoice.ClientChoice
): Effect.Effect<void, SignInError, Services> =>
  Effect.scoped(Effect.gen(function* () {
    const { resource, server } = discovered
    const scope = scopeOf(env, request, discovered)
    const flow = yield* Effect.acquireRelease(
      Effect.tap(Effect.interruptible(open(env, choice)), (opened) => Effect.sync(() => env.flows.add(opened))),
      (opened) => Effect.sync(() => env.flows.delete(opened))
    )
    const known = choice._tag === "Register" ? undefined : choice.client
    const client =
      known !== undefined && (choice._tag === "Fixed" || ClientChoice.isRegistered(known, flow.redirectUri))
        ? known
        : yield* Effect.tap(
          Registration.register(env, discovered, flow.redirectUri, scopesToRegister(env, scope, resource.scopes)),
          (registered) => keepRegistration(env, server.issuer, registered)
        )
    const pkce = yield* Pkce.make
    const url = AuthorizationRequest.url(server.authorizationEndpoint, {
      clientId: client.clientId,
      redirectUri: flow.redirectUri,
      state: Redacted.value(flow.state),
      codeChallenge: pkce.challenge,
      scope,
      resource: discovered.resourceIndicator,
      responseMode: env.callback.responseMode,
      parameters: env.authorizationParameters
    })
    const problem = Metadata.tooLong(env.server, url)
    if (problem !== undefined) return yield* problem
    const keep = (credentials: Credentials) =>
      Effect.zipRight(
        Effect.sync(() => request.onCredentials(credentials, scope)),
        Effect.tap(
          Stored.modify(env, (current) =>
            Effect.succeed([
              undefined,
              Option.some({ ...credentials, extra: Option.getOrUndefined(current)?.extra })
            ])),
          () => Effect.sync(request.onStored)
        )
      )
    request.onAsked()
    const authorized = flow.authorize({
      url,
      serverName: env.serverName,
      issuer: server.issuer,
      issuerRequired: server.issuerRequired,
      timeout: env.callback.timeout,
      turn: env.turn,
      exchangeTimeout: "1 minute",
      describe: (error: Closed | CredentialStoreError | TokenError) => error.message,
      exchange: ({ code }) =>
        spend(env, { grant: "authorization_code", issuer: server.issuer }, ({ isWanted, tellLate }) =>
          Effect.flatMap(
            TokenRequests.exchange(env, tellLate, discovered, {
              client: ClientChoice.withOptions(client, env),
              code,
              codeVerifier: pkce.verifier,
              redirectUri: flow.redirectUri,
              scope
            }),
            (tokens) =>
              isWanted()
                ? keep({ issuer: server.issuer, client: ClientChoice.toStored(client, env), tokens })
                : Effect.void
          ))
    })
    // The next sign-in registers anew, and so asks the person once.
    yield* Effect.tapError(
      Effect.mapError(authorized, (error) => {
        if (error._tag !== "AuthorizationTimeout" || error.phase !== "response") return error
        const { millis, phase, refusals } = error
        const hint = timeoutHint(client, flow.redirectUri, discovered.resourceIndicator)
        return new AuthorizationTimeout({ millis, phase, refusals, hint })
      }),
      (error) => choice._tag !== "Fixed" && isClientForgotten(error) ? forgetRegistration(env, client) : Effect.void
    )
  }))

/**
 * Signs in, with the other name of this machine in the redirect URI where the first one cannot be registered and the
 * caller has chosen neither.
 */
const signIn = (
  env: Environment,
  request: SignInRequest,
  discovered: Discovery.Discovered,
  choice: ClientChoice.ClientChoice
): Effect.Effect<void, SignInError, Services> => {
  const { host, redirectUri } = env.callback
  const first = signInOnce(env, request, discovered, choice)
  if (host !== undefined || redirectUri !== undefined) return first
  const atLocalhost = { ...env, callback: { ...env.callback, host: "localhost" as const } }
  return Effect.catchTag(
    first,
    "RegistrationError",
    (error) =>
      RegistrationRetry.mayConcernRedirectUri(error)
        ? signInOnce(atLocalhost, request, discovered, { _tag: "Register" })
        : Effect.fail(error)
  )
}

/**
 * Signs a person in. If the authorization server does not know the stored registration any more, it registers anew and
 * asks the person once more.
 */
export const run = (
  env: Environment,
  request: SignInRequest
): Effect.Effect<void, SignInError, Services> =>
  Effect.gen(function* () {
    const stored = Option.getOrUndefined(yield* Stored.load(env))
    const discovered = yield* Discovery.discover(env, request.challenge, stored?.issuer)
    const { server } = discovered
    for (const option of waived(env, discovered).filter((each) => !env.warned.has(each))) {
      env.warned.add(option)
      yield* tellNow(env.presenter, { _tag: "Unsafe", serverName: env.serverName, option })
    }
    const now = yield* Clock.currentTimeMillis
    const choice = yield* ClientChoice.choose(env.label, server, stored, env, now)
    // The scopes of another authorization server may not exist at this one.
    const isSameIssuer = stored === undefined || stored.issuer === server.issuer
    const asked = isSameIssuer ? request : { ...request, moreScopes: undefined }
    const first = signIn(env, asked, discovered, choice)
    if (choice._tag !== "Stored") return yield* first
    return yield* Effect.catchAll(first, (error) => {
      // No answer came: the server may have shown an error page about a client or redirect URI that it does not know.
      const isUnanswered = error._tag === "AuthorizationTimeout" && error.phase === "response"
      if (isUnanswered) return Effect.zipRight(forgetRegistration(env, choice.client), Effect.fail(error))
      return isClientForgotten(error) && server.registrationEndpoint !== undefined
        ? signIn(env, asked, discovered, { _tag: "Register" })
        : Effect.fail(error)
    })
  }).pipe(Effect.withSpan("McpOAuth.signIn", { attributes: { server: env.label } }))
