/**
 * Signing in to one MCP server with what the SDK exports, through a `CallbackFlow`, and using the token.
 */
import {
  discoverOAuthServerInfo,
  exchangeAuthorization,
  registerClient,
  startAuthorization
} from "@modelcontextprotocol/sdk/client/auth.js"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js"
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { AuthorizeRequest, CallbackFlow, FlowError } from "../../src/index.ts"

/** A step of the demo failed; the message is for the person who runs it. */
export class DemoError extends Error {
  readonly _tag = "DemoError"

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = "DemoError"
  }
}

/** An access token, and which way its code came. */
export interface Token {
  readonly value: Redacted.Redacted<string>
  readonly via: "http" | "paste"
}

/** Names the failure only: messages of the SDK can hold what a server sent, and so a token. */
const nameOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return "unknown failure"
  if ("errorCode" in cause) return String(cause.errorCode)
  const { cause: inner } = cause
  return inner instanceof Error && "code" in inner ? String(inner.code) : cause.name
}

const call = <A>(action: string, run: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, DemoError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => new DemoError(`Cannot ${action}: ${nameOf(cause)}`, { cause })
  })

// The SDK's type lacks `application_type`; without "native", servers accept no other port than the registered one.
const clientMetadata = (redirectUri: string) => ({
  application_type: "native",
  client_name: "effect-oauth-callback demo",
  grant_types: ["authorization_code", "refresh_token"],
  redirect_uris: [redirectUri],
  response_types: ["code"],
  token_endpoint_auth_method: "none"
})

/** Discovers, registers, sends the person away, and exchanges the code while their page waits. */
export const signIn = (
  flow: CallbackFlow,
  server: { readonly name: string; readonly url: string },
  { present, timeout }: Pick<AuthorizeRequest, "present" | "timeout">
): Effect.Effect<Token, DemoError | FlowError> =>
  Effect.gen(function* () {
    const { authorizationServerUrl, authorizationServerMetadata: metadata, resourceMetadata } = yield* call(
      `find the authorization server of ${server.name}`,
      (signal) => discoverOAuthServerInfo(server.url, { fetchFn: (url, init) => fetch(url, { ...init, signal }) })
    )
    if (metadata === undefined || resourceMetadata === undefined) {
      return yield* Effect.fail(new DemoError(`Cannot sign in to ${server.name}: it publishes no metadata`))
    }
    const { resource } = resourceMetadata
    const scope = resourceMetadata.scopes_supported?.join(" ")
    const clientInformation = yield* call(`register at ${authorizationServerUrl}`, () =>
      registerClient(authorizationServerUrl, { metadata, clientMetadata: clientMetadata(flow.redirectUri) }))
    const { authorizationUrl, codeVerifier } = yield* call("make the authorization URL", async () => {
      const started = await startAuthorization(authorizationServerUrl, {
        metadata,
        clientInformation,
        redirectUrl: flow.redirectUri,
        resource,
        state: Redacted.value(flow.state),
        ...(scope === undefined ? {} : { scope })
      })
      return { ...started, codeVerifier: Redacted.make(started.codeVerifier) }
    })
    return yield* flow.authorize({
      url: authorizationUrl,
      serverName: server.name,
      issuer: metadata.issuer,
      issuerRequired: "authorization_response_iss_parameter_supported" in metadata &&
        metadata.authorization_response_iss_parameter_supported === true,
      present,
      timeout,
      exchange: ({ code, via }) =>
        Effect.map(
          call(`exchange the code of ${server.name}`, (signal) =>
            exchangeAuthorization(authorizationServerUrl, {
              metadata,
              clientInformation,
              authorizationCode: Redacted.value(code),
              codeVerifier: Redacted.value(codeVerifier),
              redirectUri: flow.redirectUri,
              resource,
              fetchFn: (url, init) =>
                fetch(url, { ...init, signal })
            })),
          (tokens): Token => ({ value: Redacted.make(tokens.access_token), via })
        )
    })
  })

/** A connected client of the SDK; it is closed with the scope, and its session with it. */
const connect = (
  server: { readonly name: string; readonly url: string },
  token: Redacted.Redacted<string>
): Effect.Effect<Client, DemoError, Scope.Scope> =>
  Effect.acquireRelease(
    call(`connect to ${server.name}`, async () => {
      const client = new Client({ name: "effect-oauth-callback demo", version: "1.0.0" })
      const transport = new StreamableHTTPClientTransport(new URL(server.url), {
        requestInit: { headers: { authorization: `Bearer ${Redacted.value(token)}` } }
      })
      // The SDK's class declares its optional handlers without `undefined`, against exactOptionalPropertyTypes.
      await client.connect(transport as Transport)
      return { client, transport }
    }),
    ({ client, transport }) =>
      Effect.promise(() => transport.terminateSession().catch(() => {}).then(() => client.close()))
  ).pipe(Effect.map(({ client }) => client))

/** Calls a tool with the token and returns the text it answers with. */
export const callTool = (
  server: { readonly name: string; readonly url: string },
  token: Redacted.Redacted<string>,
  tool: string
): Effect.Effect<string, DemoError> =>
  Effect.scoped(Effect.gen(function* () {
    const client = yield* connect(server, token)
    const result = yield* call(`call the tool ${tool} of ${server.name}`, async (signal) =>
      CallToolResultSchema.parse(await client.callTool({ name: tool }, undefined, { signal })))
    const [content] = result.content
    return content?.type === "text"
      ? content.text
      : yield* Effect.fail(new DemoError(`Cannot read the answer of ${server.name}: it is no text`))
  }))
