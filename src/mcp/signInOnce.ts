/**
 * One sign-in with one client: callback listener, registration (or a question for a client id), authorization, token
 * request, storing.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as AuthorizationRequest from "../core/mcp/AuthorizationRequest.ts"
import * as AuthorizationScope from "../core/mcp/AuthorizationScope.ts"
import { type BearerChallenge, stepUpParameters } from "../core/mcp/Challenge.ts"
import * as ClientChoice from "../core/mcp/ClientChoice.ts"
import type { Closed } from "../core/mcp/Closed.ts"
import type { ClientRegistration, Credentials } from "../core/mcp/Credentials.ts"
import * as KnownCredentials from "../core/mcp/KnownCredentials.ts"
import * as Metadata from "../core/mcp/Metadata.ts"
import * as ScopeSet from "../core/mcp/ScopeSet.ts"
import {
  type DiscoveryError,
  isUnknownClient,
  type RegistrationError,
  type TokenError,
  type UntrustedMetadata
} from "../core/mcp/SignInError.ts"
import { timeoutHint } from "../core/mcp/TimeoutHint.ts"
import type { BindError } from "../core/oauth/BindError.ts"
import { AuthorizationTimeout, type FlowError } from "../core/oauth/FlowError.ts"
import type { Granted } from "../flow/AuthorizeRequest.ts"
import type { CallbackFlow } from "../flow/CallbackFlow.ts"
import { Pkce } from "../flow/Pkce.ts"
import type { CredentialStoreError } from "../services/CredentialStore.ts"
import * as AskedClient from "./AskedClient.ts"
import type * as Discovery from "./Discovery.ts"
import type { Environment, Services } from "./Environment.ts"
import { openFlow } from "./openFlow.ts"
import * as Registration from "./Registration.ts"
import { spend } from "./Spending.ts"
import * as Stored from "./Stored.ts"
import * as StoredRegistration from "./StoredRegistration.ts"
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

/** Whether the authorization server says that it does not know the client any more. */
export const isClientForgotten = (error: SignInError): boolean =>
  (error._tag === "AuthorizationDenied" || error._tag === "TokenError") && isUnknownClient(error.error)

/** Whether the answer of the authorization server came, whatever was wrong with it. */
const isAnswer = (error: SignInError): boolean =>
  error._tag === "AuthorizationDenied" || error._tag === "InvalidResponse" || error._tag === "TokenError" ||
  (error._tag === "AuthorizationTimeout" && error.phase === "exchange")

/** What the steps of one sign-in share. */
interface Attempt {
  readonly env: Environment
  readonly request: SignInRequest
  readonly discovered: Discovery.Discovered
  readonly flow: CallbackFlow
  /** The scopes that are asked for. */
  readonly scope: string | undefined
}

/**
 * Where the client of a sign-in comes from. `Options`: they name it. `Store`: it was registered before, with the redirect
 * URI of this sign-in. `Person`: it is registered by hand, and its id asked for. `Registration`: it is registered now.
 */
type ClientSource =
  | { readonly _tag: "Options" | "Store"; readonly client: ClientRegistration }
  | { readonly _tag: "Person"; readonly last: ClientRegistration | undefined }
  | { readonly _tag: "Registration" }

const sourceOf = (
  { discovered: { server }, env, flow: { redirectUri } }: Attempt,
  choice: ClientChoice.ClientChoice
): ClientSource => {
  if (choice._tag === "Fixed") return { _tag: "Options", client: choice.client }
  if (choice._tag === "Stored" && ClientChoice.isRegistered(choice.client, redirectUri)) {
    return { _tag: "Store", client: choice.client }
  }
  if (server.registrationEndpoint !== undefined || !AskedClient.canAsk(env)) return { _tag: "Registration" }
  return {
    _tag: "Person",
    last: choice._tag === "Stored" ? choice.client : choice._tag === "Ask" ? choice.last : undefined
  }
}

/** Opens the callback flow. As long as it is open, text that the program submits is offered to it. */
const openListed = (
  env: Environment,
  choice: ClientChoice.ClientChoice
): Effect.Effect<CallbackFlow, BindError, Scope.Scope | Services> =>
  Effect.acquireRelease(
    Effect.tap(Effect.interruptible(openFlow(env, choice)), (flow) => Effect.sync(() => env.flows.add(flow))),
    (flow) => Effect.sync(() => env.flows.delete(flow))
  )

/** The client of a sign-in. One that is new is stored at once. */
const clientOf = (
  { discovered, env, flow: { redirectUri }, request, scope }: Attempt,
  source: ClientSource
): Effect.Effect<ClientRegistration, CredentialStoreError | RegistrationError> => {
  const { issuer } = discovered.server
  switch (source._tag) {
    case "Options":
    case "Store":
      return Effect.succeed(source.client)
    case "Person":
      return Effect.tap(
        AskedClient.ask(env, { issuer, redirectUri }, { last: source.last, onAsked: request.onAsked }),
        // What was typed is no proof that the server knows it: the answer is.
        (client) => StoredRegistration.keep(env, issuer, KnownCredentials.doubted(client, "Unknown"))
      )
    case "Registration":
      return Effect.tap(
        Registration.register(env, discovered, redirectUri, AuthorizationScope.toRegister(env, scope, discovered)),
        (client) => StoredRegistration.keep(env, issuer, client)
      )
  }
}

/** The URL of the authorization request. */
const authorizationUrl = (
  { discovered, env, flow, request, scope }: Attempt,
  { clientId }: ClientRegistration,
  codeChallenge: string
): Effect.Effect<URL, UntrustedMetadata> => {
  const url = AuthorizationRequest.url(discovered.server.authorizationEndpoint, {
    clientId,
    redirectUri: flow.redirectUri,
    state: Redacted.value(flow.state),
    codeChallenge,
    scope,
    resource: discovered.resourceIndicator,
    responseMode: env.callback.responseMode,
    parameters: env.authorizationParameters,
    stepUp: stepUpParameters(request.challenge)
  })
  return Metadata.tooLong(env.server, url) ?? Effect.succeed(url)
}

/** Stores the credentials, which are passed to the session first: what cannot be stored serves this process all the same. */
const storeCredentials = (
  { env, request, scope }: Attempt,
  credentials: Credentials
): Effect.Effect<void, CredentialStoreError> =>
  Effect.suspend(() => {
    request.onCredentials(credentials, scope)
    const stored = Stored.modify(env, (current) =>
      Effect.succeed([
        undefined,
        Option.some({ ...credentials, extra: Option.getOrUndefined(current)?.extra })
      ]))
    return Effect.tap(stored, () => Effect.sync(request.onStored))
  })

/** Exchanges the code for tokens and stores them, unless the person has signed out since. */
const exchange = (
  attempt: Attempt,
  client: ClientRegistration,
  codeVerifier: Redacted.Redacted<string>,
  { code }: Granted
): Effect.Effect<void, Closed | CredentialStoreError | TokenError> => {
  const { discovered, env, flow: { redirectUri }, scope } = attempt
  const { issuer } = discovered.server
  return spend(env, { grant: "authorization_code", issuer }, ({ isWanted, tellLate }) =>
    Effect.flatMap(
      TokenRequests.exchange(env, tellLate, discovered, {
        client: ClientChoice.withOptions(client, env),
        code,
        codeVerifier,
        redirectUri,
        scope
      }),
      (tokens) =>
        isWanted()
          ? storeCredentials(attempt, {
            issuer,
            client: ClientChoice.toStored(StoredRegistration.withoutDoubt(client), env),
            tokens
          })
          : Effect.void
    ))
}

/** Says in the error why no answer may have come, and what to do. */
const withHint =
  ({ discovered, flow: { redirectUri } }: Attempt, { clientId }: ClientRegistration, source: ClientSource) =>
  <E extends SignInError>(error: E): AuthorizationTimeout | E => {
    if (error._tag !== "AuthorizationTimeout" || error.phase !== "response") return error
    const { millis, phase, refusals } = error
    const hint = timeoutHint({
      clientId,
      isReused: source._tag === "Store" && discovered.server.registrationEndpoint !== undefined,
      redirectUri,
      resource: discovered.resourceIndicator
    })
    return new AuthorizationTimeout({ millis, phase, refusals, hint })
  }

/** Notes in the store what a failed sign-in says of its client: that the server does not know it, or that it does. */
const noteClient = (
  env: Environment,
  client: ClientRegistration,
  source: ClientSource,
  error: SignInError
): Effect.Effect<void, CredentialStoreError> => {
  if (source._tag === "Options") return Effect.void
  // The next sign-in registers anew or asks for another client id, and so asks the person once.
  if (isClientForgotten(error)) return StoredRegistration.setDoubt(env, client, "Unknown")
  return source._tag !== "Registration" && isAnswer(error)
    ? StoredRegistration.setDoubt(env, client, "None")
    : Effect.void
}

/**
 * Signs in once.
 *
 * @param choice The client to sign in with; `Stored` with a redirect URI that is not registered is registered anew.
 */
export const signInOnce = (
  env: Environment,
  request: SignInRequest,
  discovered: Discovery.Discovered,
  choice: ClientChoice.ClientChoice
): Effect.Effect<void, SignInError, Services> =>
  Effect.scoped(Effect.gen(function* () {
    const { server } = discovered
    const scope = AuthorizationScope.toAsk(env, ScopeSet.union(request.challenge.scope, request.moreScopes), discovered)
    const flow = yield* openListed(env, choice)
    const attempt: Attempt = { env, request, discovered, flow, scope }
    const source = sourceOf(attempt, choice)
    // One thing at a time on a screen: the turn of a sign-in begins with its question.
    const turn = source._tag === "Person" ? undefined : env.turn
    if (source._tag === "Person" && env.turn !== undefined) yield* env.turn
    const client = yield* clientOf(attempt, source)
    const pkce = yield* Pkce.make
    const url = yield* authorizationUrl(attempt, client, pkce.challenge)
    // A server that does not know the client shows a page of its own, and nothing comes back. A sign-in that is then given
    // up or killed can store nothing any more: the doubt is stored before, and an answer removes it.
    if (source._tag === "Store") yield* StoredRegistration.setDoubt(env, client, KnownCredentials.doubtOf(client))
    let isAnswered = false
    const shown = yield* Deferred.make<void>()
    if (source._tag === "Store" || source._tag === "Person") {
      const tellOfDoubt = StoredRegistration.tellOfDoubt(env, () => isAnswered)
      yield* Effect.forkScoped(Effect.zipRight(Deferred.await(shown), tellOfDoubt))
    }
    if (turn === undefined) yield* Deferred.succeed(shown, undefined)
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
      exchange: (granted) => {
        isAnswered = true
        return exchange(attempt, client, pkce.verifier, granted)
      }
    })
    yield* authorized.pipe(
      Effect.mapError(withHint(attempt, client, source)),
      Effect.tapError((error) => noteClient(env, client, source, error))
    )
  }))
