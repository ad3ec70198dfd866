/**
 * One sign-in with a person: discovery, callback listener, registration (or a question for a client id), authorization,
 * token request, storing.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { BindError } from "../core/oauth/BindError.ts"
import type { Credentials } from "../core/mcp/Credentials.ts"
import { AuthorizationTimeout, type FlowError } from "../core/oauth/FlowError.ts"
import { type BearerChallenge, stepUpParameters } from "../core/mcp/Challenge.ts"
import * as AuthorizationRequest from "../core/mcp/AuthorizationRequest.ts"
import * as AuthorizationScope from "../core/mcp/AuthorizationScope.ts"
import * as ClientChoice from "../core/mcp/ClientChoice.ts"
import * as KnownCredentials from "../core/mcp/KnownCredentials.ts"
import * as Metadata from "../core/mcp/Metadata.ts"
import type { Closed } from "../core/mcp/Closed.ts"
import * as ClientRefusal from "../core/mcp/ClientRefusal.ts"
import * as ScopeSet from "../core/mcp/ScopeSet.ts"
import type { Unsafe } from "../core/mcp/Unsafe.ts"
import {
  type DiscoveryError,
  isUnknownClient,
  type RegistrationError,
  type TokenError,
  type UntrustedMetadata
} from "../core/mcp/SignInError.ts"
import { timeoutHint } from "../core/mcp/TimeoutHint.ts"
import { Pkce } from "../flow/Pkce.ts"
import { tellNow } from "../flow/Notices.ts"
import type { CredentialStoreError } from "../services/CredentialStore.ts"
import * as AskedClient from "./AskedClient.ts"
import * as Discovery from "./Discovery.ts"
import type { Environment, Services } from "./Environment.ts"
import * as Pauses from "./Pauses.ts"
import { openFlow } from "./openFlow.ts"
import { spend } from "./Spending.ts"
import * as Stored from "./Stored.ts"
import * as StoredRegistration from "./StoredRegistration.ts"
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
  /** Tells processes that wait for this sign-in where the person signs in. */
  readonly tellOthers: (url: URL) => Effect.Effect<void>
  /** Called with the new credentials before they are stored, and with the scopes that were asked for. */
  readonly onCredentials: (credentials: Credentials, scope: string | undefined) => void
  /** Called when the new credentials are stored. */
  readonly onStored: () => void
}

/** The checks that were waived in this sign-in, of which the person is told once. */
const waived = ({ unsafe }: Environment, { resource, server }: Discovery.Discovered): ReadonlyArray<keyof Unsafe> => [
  ...resource.waived,
  ...(unsafe.omitResource === true ? ["omitResource" as const] : []),
  ...server.waived
]

/** Whether the authorization server says that it does not know the client any more. */
const isClientForgotten = (error: SignInError): boolean =>
  (error._tag === "AuthorizationDenied" || error._tag === "TokenError") && isUnknownClient(error.error)

/** Whether the answer of the authorization server came, whatever was wrong with it. */
const isAnswer = (error: { readonly _tag: string; readonly phase?: unknown }): boolean =>
  error._tag === "AuthorizationDenied" || error._tag === "InvalidResponse" || error._tag === "TokenError" ||
  (error._tag === "AuthorizationTimeout" && error.phase === "exchange")

const signInOnce = (
  env: Environment,
  request: SignInRequest,
  discovered: Discovery.Discovered,
  choice: ClientChoice.ClientChoice
): Effect.Effect<void, SignInError, Services> =>
  Effect.scoped(Effect.gen(function* () {
    const { server } = discovered
    const { challenge, moreScopes } = request
    const scope = AuthorizationScope.toAsk(env, ScopeSet.union(challenge.scope, moreScopes), discovered)
    const flow = yield* Effect.acquireRelease(
      Effect.tap(Effect.interruptible(openFlow(env, choice)), (opened) => Effect.sync(() => env.flows.add(opened))),
      (opened) => Effect.sync(() => env.flows.delete(opened))
    )
    const known = choice._tag === "Fixed" || choice._tag === "Stored" ? choice.client : undefined
    const isKnown = known !== undefined &&
      (choice._tag === "Fixed" || ClientChoice.isRegistered(known, flow.redirectUri))
    // One thing at a time on a screen: the turn of a sign-in begins with its question.
    const isAsked = !isKnown && server.registrationEndpoint === undefined && AskedClient.canAsk(env)
    const turn = isAsked ? undefined : env.turn
    if (isAsked && env.turn !== undefined) yield* env.turn
    const { redirectUri } = flow
    const { issuer } = server
    const client = isKnown ? known : yield* Effect.tap(
      isAsked
        ? AskedClient.ask(env, { issuer, redirectUri }, {
          last: choice._tag === "Ask" ? choice.last : known,
          onAsked: request.onAsked
        })
        : Registration.register(env, discovered, redirectUri, AuthorizationScope.toRegister(env, scope, discovered)),
      // What was typed is no proof that the server knows it: the answer is.
      (made) => StoredRegistration.keep(env, issuer, isAsked ? KnownCredentials.doubted(made, "Unknown") : made)
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
      parameters: env.authorizationParameters,
      stepUp: stepUpParameters(challenge)
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
    // A server that has forgotten it shows a page of its own, and nothing comes back. Whoever gives up then, or is ended,
    // cannot say so any more: it is noted before, and an answer takes it back.
    const isReused = choice._tag === "Stored" && isKnown
    if (isReused) yield* StoredRegistration.setDoubt(env, client, KnownCredentials.doubtOf(client))
    const shown = yield* Deferred.make<void>()
    if (isReused || isAsked) {
      yield* Effect.forkScoped(
        Effect.zipRight(Deferred.await(shown), StoredRegistration.tellOfDoubt(env, () => isAnswered))
      )
    }
    if (turn === undefined) yield* Deferred.succeed(shown, undefined)
    let isAnswered = false
    request.onAsked()
    yield* request.tellOthers(url)
    const authorized = flow.authorize({
      url,
      serverName: env.serverName,
      issuer: server.issuer,
      issuerRequired: server.issuerRequired,
      timeout: env.callback.timeout,
      turn: turn && Effect.zipRight(turn, Effect.asVoid(Deferred.succeed(shown, undefined))),
      exchangeTimeout: "1 minute",
      describe: (error: Closed | CredentialStoreError | TokenError) => error.message,
      exchange: ({ code }) => {
        isAnswered = true
        return spend(env, { grant: "authorization_code", issuer: server.issuer }, ({ isWanted, tellLate }) =>
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
                ? keep({
                  issuer: server.issuer,
                  client: ClientChoice.toStored(StoredRegistration.withoutDoubt(client), env),
                  tokens
                })
                : Effect.void
          ))
      }
    })
    const hinted = Effect.mapError(authorized, (error) => {
      if (error._tag !== "AuthorizationTimeout" || error.phase !== "response") {
        return error
      }
      const { millis, phase, refusals } = error
      const { clientId } = client
      const hint = timeoutHint({
        clientId,
        isReused: isReused && server.registrationEndpoint !== undefined,
        redirectUri: flow.redirectUri,
        resource: discovered.resourceIndicator
      })
      return new AuthorizationTimeout({ millis, phase, refusals, hint })
    })
    yield* Effect.tapError(hinted, (error) => {
      if (choice._tag === "Fixed") {
        return Effect.void
      }
      // The next sign-in registers anew or asks for another client id, and so asks the person once.
      if (isClientForgotten(error)) {
        return StoredRegistration.setDoubt(env, client, "Unknown")
      }
      return (isReused || isAsked) && isAnswer(error) ? StoredRegistration.setDoubt(env, client, "None") : Effect.void
    })
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
      ClientRefusal.mayConcernRedirectUri(error)
        ? signInOnce(atLocalhost, request, discovered, { _tag: "Register" })
        : Effect.fail(error)
  )
}

/**
 * Signs a person in. If the authorization server does not know the stored registration (any more), it registers anew, or
 * asks for another client id, and asks the person once more.
 */
export const run = (
  env: Environment,
  request: SignInRequest
): Effect.Effect<void, SignInError, Services> =>
  Effect.gen(function* () {
    const stored = Option.getOrUndefined(yield* Stored.load(env))
    yield* Pauses.tokens(env, "authorization_code", stored?.issuer)
    if (stored?.client === undefined && env.client === undefined) yield* Pauses.registration(env)
    const discovered = yield* Discovery.discover(env, request.challenge, stored?.issuer)
    const { server } = discovered
    for (const option of waived(env, discovered).filter((each) => !env.warned.has(each))) {
      env.warned.add(option)
      yield* tellNow(env.presenter, { _tag: "Unsafe", serverName: env.serverName, option })
    }
    const now = yield* Clock.currentTimeMillis
    const choose = (stored: Credentials | undefined) =>
      ClientChoice.choose(env.label, server, stored, env, now, AskedClient.canAsk(env))
    const choice = yield* choose(stored)
    // The scopes of another authorization server may not exist at this one.
    const isSameIssuer = stored === undefined || Metadata.sameIssuer(server.issuer, stored.issuer)
    const asked = isSameIssuer ? request : { ...request, moreScopes: undefined }
    const first = signIn(env, asked, discovered, choice)
    if (choice._tag !== "Stored" && choice._tag !== "Ask") return yield* first
    return yield* Effect.catchIf(first, isClientForgotten, (error) =>
      Effect.gen(function* () {
        const other = yield* choose(Option.getOrUndefined(yield* Stored.load(env)))
        return yield* other._tag === "Register" || other._tag === "Ask"
          ? signIn(env, asked, discovered, other)
          : Effect.fail(error)
      }))
  }).pipe(Effect.withSpan("McpOAuth.signIn", { attributes: { server: env.label }, captureStackTrace: false }))
