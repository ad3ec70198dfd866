/**
 * Requests to the token endpoint and the revocation endpoint. What spends a code or a refresh token is sent once, and never
 * repeated.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as ClientAuthentication from "../core/mcp/ClientAuthentication.ts"
import type { ClientRegistration, Tokens } from "../core/mcp/Credentials.ts"
import * as Fault from "../core/mcp/Fault.ts"
import { type RevocableToken, TokenError } from "../core/mcp/SignInError.ts"
import * as RefreshRefusal from "../core/mcp/RefreshRefusal.ts"
import * as TokenRequest from "../core/mcp/TokenRequest.ts"
import * as TokenResponse from "../core/mcp/TokenResponse.ts"
import { endAfter } from "../effect/endAfter.ts"
import { firstOf } from "../effect/firstOf.ts"
import type { Discovered } from "./Discovery.ts"
import type { ServerEnvironment } from "./Environment.ts"
import * as Pauses from "./Pauses.ts"
import * as ServerRequest from "./ServerRequest.ts"
import * as Spending from "./Spending.ts"

/** What of the environment a request for tokens needs. */
type Asking = Pick<ServerEnvironment, "fetch" | "key" | "requestTimeout" | "store">

/** What of the servers it needs. */
interface Endpoints extends Pick<Discovered, "resourceIndicator"> {
  readonly server: Pick<Discovered["server"], "authMethods" | "issuer" | "tokenEndpoint">
}

/** Sends a form with what the client authenticates with. */
const post = (
  env: Asking,
  { server }: Pick<Endpoints, "server">,
  client: ClientRegistration,
  endpoint: string,
  form: URLSearchParams,
  limit?: Parameters<typeof ServerRequest.postForm>[4]
): Effect.Effect<Fault.Outcome> => {
  const { headers, parameters } = ClientAuthentication.make(client, server.authMethods)
  for (const [name, value] of Object.entries(parameters)) form.set(name, value)
  return ServerRequest.postForm(env, endpoint, headers, form, limit)
}

/** A request for tokens. */
interface TokensRequest {
  readonly grant: TokenError["grant"]
  readonly client: ClientRegistration
  readonly form: URLSearchParams
  /** What is known about the request, for its response. */
  readonly reading: Omit<TokenResponse.Reading, "now">
  readonly secrets: ReadonlyArray<Redacted.Redacted<string>>
}

/** Sends a request for tokens, which goes on when the time of its caller is over; the caller is told. */
const requestTokens = (
  env: Asking,
  tellLate: Effect.Effect<void>,
  discovered: Endpoints,
  { client, form, grant, reading, secrets }: TokensRequest
): Effect.Effect<Tokens, TokenError> =>
  Effect.gen(function* () {
    const { issuer, tokenEndpoint } = discovered.server
    const telling = Effect.zipRight(endAfter(Effect.never, env.requestTimeout, tellLate), Effect.never)
    const outcome = yield* firstOf([
      post(env, discovered, client, tokenEndpoint, form, Spending.limit(env)),
      telling
    ])
    const document = Fault.documentOf(outcome)
    const now = yield* Clock.currentTimeMillis
    const tokens = document === undefined ? undefined : TokenResponse.parse(document, { ...reading, now })
    if (tokens !== undefined) return tokens
    const sent = [...ClientAuthentication.secrets(client), ...secrets.map(Redacted.value)]
    const fault = Fault.of(outcome, sent)
    // A refresh that is answered without a token and without an error is refused all the same.
    const isRefused = grant === "refresh_token" && fault.reason === "InvalidResponse" &&
      RefreshRefusal.isWithoutToken(outcome)
    const error = new TokenError({ issuer, grant, ...fault, ...(isRefused && { reason: "Rejected" }) })
    return yield* Effect.zipRight(Pauses.note(env, error), error)
  })

/** What a code is exchanged for tokens with. */
export interface CodeExchange {
  readonly client: ClientRegistration
  readonly code: Redacted.Redacted<string>
  readonly codeVerifier: Redacted.Redacted<string>
  readonly redirectUri: string
  readonly scope: string | undefined
}

/**
 * Exchanges a code for tokens (RFC 6749 section 4.1.3).
 *
 * @param tellLate Run when the time of the caller is over.
 */
export const exchange = (
  env: Asking,
  tellLate: Effect.Effect<void>,
  discovered: Endpoints,
  { client, code, codeVerifier, redirectUri, scope }: CodeExchange
): Effect.Effect<Tokens, TokenError> =>
  requestTokens(env, tellLate, discovered, {
    grant: "authorization_code",
    client,
    form: TokenRequest.ofCode({ code, codeVerifier, redirectUri, resource: discovered.resourceIndicator }),
    reading: { scope },
    secrets: [code, codeVerifier]
  })

/**
 * Trades a refresh token for new tokens (RFC 6749 section 6).
 *
 * @param tellLate Run when the time of the caller is over.
 * @param asked Which scopes are asked for. Some servers give another token where none are named.
 */
export const refresh = (
  env: Asking,
  tellLate: Effect.Effect<void>,
  discovered: Endpoints,
  client: ClientRegistration,
  { refreshToken, scope }: Tokens & { readonly refreshToken: Redacted.Redacted<string> },
  asked: "granted" | "none"
): Effect.Effect<Tokens, TokenError> =>
  requestTokens(env, tellLate, discovered, {
    grant: "refresh_token",
    client,
    form: TokenRequest.ofRefreshToken({
      refreshToken,
      resource: discovered.resourceIndicator,
      scope: asked === "granted" ? scope : undefined
    }),
    reading: { scope, refreshToken },
    secrets: [refreshToken]
  })

/**
 * Revokes a token (RFC 7009). Servers answer the same for a token that is not valid any more.
 *
 * @returns Why the token was not revoked; `undefined` when it was.
 */
export const revoke = (
  env: Asking,
  discovered: Endpoints,
  client: ClientRegistration,
  endpoint: string,
  token: Redacted.Redacted<string>,
  hint: RevocableToken
): Effect.Effect<Fault.Fault | undefined> =>
  Effect.map(post(env, discovered, client, endpoint, TokenRequest.ofRevocation(token, hint)), (outcome) => {
    if (outcome._tag === "Answered" && outcome.status < 300) return undefined
    return Fault.of(outcome, [Redacted.value(token), ...ClientAuthentication.secrets(client)])
  })
