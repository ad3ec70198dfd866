/**
 * Requests to the token endpoint and the revocation endpoint.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { ClientRegistration, Tokens } from "../core/mcp/Credentials.ts"
import * as ClientChoice from "../core/mcp/ClientChoice.ts"
import { endAfter } from "../effect/endAfter.ts"
import { firstOf } from "../effect/firstOf.ts"
import { RevocationError, type SdkMissing, TokenError } from "../core/mcp/SignInError.ts"
import * as TokenResponse from "../core/mcp/TokenResponse.ts"
import type { Discovered } from "./Discovery.ts"
import type { Environment } from "./Environment.ts"
import * as Spending from "./Spending.ts"
import { faultOf, step, type StepResult } from "./Step.ts"
import type { Sdk } from "./Sdk.ts"

const formEncoded = (text: string): string => new URLSearchParams([["", text]]).toString().slice(1)

// RFC 6749 section 2.3.1 and appendix B: both parts are form-encoded before they are joined.
const basicPair = (clientId: string, secret: string): string => `${formEncoded(clientId)}:${formEncoded(secret)}`

/**
 * What a client authenticates with, to be cut out of what the server writes: also as a pair, encoded as it was sent and as
 * the server reads it.
 */
const authentication = ({ clientId, clientSecret }: ClientRegistration): ReadonlyArray<string> => {
  if (clientSecret === undefined) return []
  const secret = Redacted.value(clientSecret)
  return secret === "" ? [] : [secret, basicPair(clientId, secret), `${clientId}:${secret}`]
}

/** Adds the client authentication to a request (RFC 6749 section 2.3), by a method that the server supports. */
const authenticate = (
  { selectClientAuthMethod }: Pick<Sdk, "selectClientAuthMethod">,
  client: ClientChoice.SdkClient,
  methods: ReadonlyArray<string> | undefined,
  headers: Headers,
  parameters: URLSearchParams
): void => {
  const method = selectClientAuthMethod(client, [...methods ?? []])
  if (method === "client_secret_basic" && client.client_secret !== undefined) {
    headers.set("authorization", `Basic ${btoa(basicPair(client.client_id, client.client_secret))}`)
    return
  }
  parameters.set("client_id", client.client_id)
  if (method === "client_secret_post" && client.client_secret !== undefined) {
    parameters.set("client_secret", client.client_secret)
  }
}

/** The options that both grants share. */
const commonOptions = (sdk: Sdk, client: ClientRegistration, { metadata, resource, server }: Discovered) => {
  const clientInformation = ClientChoice.forSdk(client)
  return {
    metadata,
    clientInformation,
    resource: resource.resource,
    addClientAuthentication: (headers: Headers, parameters: URLSearchParams) =>
      authenticate(sdk, clientInformation, server.authMethods, headers, parameters)
  }
}

/** A step that goes on when the time of its caller is over, which the caller is told. */
const outliving = (
  env: Environment,
  tellLate: Effect.Effect<void>,
  run: Parameters<typeof step>[1]
): Effect.Effect<StepResult<unknown>, SdkMissing> => {
  const telling = Effect.zipRight(endAfter(Effect.never, env.requestTimeout, tellLate), Effect.never)
  return firstOf([step(env, run, Spending.limit(env)), telling])
}

const tokensOf = (
  issuer: string,
  grant: TokenError["grant"],
  { outcome, timedOut }: StepResult<unknown>,
  reading: TokenResponse.Reading,
  client: ClientRegistration,
  secrets: ReadonlyArray<Redacted.Redacted<string>>
): Effect.Effect<Tokens, TokenError> => {
  const { document, status } = outcome._tag === "Answered" ? outcome : {}
  const tokens = document !== undefined && status !== undefined && status < 300 && document.error === undefined
    ? TokenResponse.parse(document, reading)
    : undefined
  if (tokens !== undefined && !timedOut) return Effect.succeed(tokens)
  const sent = [...authentication(client), ...secrets.map(Redacted.value)]
  return new TokenError({ issuer, grant, ...faultOf({ outcome, timedOut }, sent) })
}

/** What a code is exchanged for tokens with. */
export interface CodeExchange {
  readonly client: ClientRegistration
  readonly code: Redacted.Redacted<string>
  readonly codeVerifier: Redacted.Redacted<string>
  readonly redirectUri: string
  readonly scope: string | undefined
}

/**
 * Exchanges a code for tokens (RFC 6749 section 4.1.3). One request is sent, and never repeated.
 *
 * @param tellLate Run when the time of the caller is over.
 */
export const exchange = (
  env: Environment,
  tellLate: Effect.Effect<void>,
  discovered: Discovered,
  { client, code, codeVerifier, redirectUri, scope }: CodeExchange
): Effect.Effect<Tokens, TokenError | SdkMissing> =>
  Effect.gen(function* () {
    const { issuer } = discovered.server
    const result = yield* outliving(env, tellLate, (sdk, fetchFn) =>
      sdk.exchangeAuthorization(issuer, {
        ...commonOptions(sdk, client, discovered),
        authorizationCode: Redacted.value(code),
        codeVerifier: Redacted.value(codeVerifier),
        redirectUri,
        fetchFn
      }))
    const reading = { now: yield* Clock.currentTimeMillis, scope }
    return yield* tokensOf(issuer, "authorization_code", result, reading, client, [code, codeVerifier])
  })

/**
 * Trades a refresh token for new tokens (RFC 6749 section 6). One request is sent, and never repeated.
 *
 * @param tellLate Run when the time of the caller is over.
 */
export const refresh = (
  env: Environment,
  tellLate: Effect.Effect<void>,
  discovered: Discovered,
  client: ClientRegistration,
  { refreshToken, scope }: Tokens & { readonly refreshToken: Redacted.Redacted<string> }
): Effect.Effect<Tokens, TokenError | SdkMissing> =>
  Effect.gen(function* () {
    const { issuer } = discovered.server
    const result = yield* outliving(env, tellLate, (sdk, fetchFn) =>
      sdk.refreshAuthorization(issuer, {
        ...commonOptions(sdk, client, discovered),
        refreshToken: Redacted.value(refreshToken),
        fetchFn
      }))
    const reading = { now: yield* Clock.currentTimeMillis, scope, refreshToken }
    return yield* tokensOf(issuer, "refresh_token", result, reading, client, [refreshToken])
  })

/** Revokes a token (RFC 7009). Servers answer the same for a token that is not valid any more. */
export const revoke = (
  env: Environment,
  { server }: Discovered,
  client: ClientRegistration,
  endpoint: string,
  token: Redacted.Redacted<string>,
  hint: "access_token" | "refresh_token"
): Effect.Effect<void, RevocationError | SdkMissing> =>
  Effect.gen(function* () {
    const { outcome, timedOut } = yield* step(env, (sdk, fetchFn) => {
      const headers = new Headers({ "content-type": "application/x-www-form-urlencoded", accept: "application/json" })
      const body = new URLSearchParams({ token: Redacted.value(token), token_type_hint: hint })
      authenticate(sdk, ClientChoice.forSdk(client), server.authMethods, headers, body)
      return fetchFn(endpoint, { method: "POST", headers, body })
    })
    if (!timedOut && outcome._tag === "Answered" && outcome.status < 300) return
    const { reason, status } = faultOf({ outcome, timedOut })
    return yield* new RevocationError({ issuer: server.issuer, reason, status })
  })
