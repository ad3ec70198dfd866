/**
 * Signing in to MCP servers: one `fetch` for the transports of the MCP SDK, which refreshes the access token, signs in and
 * asks for more scopes. Requests that need the same thing at the same time share one refresh or sign-in.
 *
 * The MCP SDK is an optional peer dependency of the package. It is loaded when a function of it is first needed.
 *
 * @module
 */
import type * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { InvalidOptions } from "./core/InvalidOptions.ts"
import type { InvalidServerUrl } from "./core/mcp/ServerUrl.ts"
import type { InvalidElicitation } from "./core/mcp/UrlElicitation.ts"
import type { UrlAction } from "./core/mcp/UrlRequest.ts"
import type { Account } from "./mcp/Account.ts"
import { accounts } from "./mcp/accounts.ts"
import type { ConnectableClient } from "./mcp/ConnectableClient.ts"
import { connect, type ConnectAll, connectAll, type Connected, type ConnectOptions } from "./mcp/connect.ts"
import { type ConnectError, make, type McpOAuth as McpOAuthInterface, type McpOAuthOptions } from "./mcp/McpOAuth.ts"
import { layer, layerConfig } from "./mcp/layer.ts"
import { McpOAuth as tag } from "./mcp/McpOAuthTag.ts"
import { presentUrl, type PresentUrlOptions } from "./mcp/presentUrl.ts"
import type { CredentialStoreError } from "./services/CredentialStore.ts"
import type { Presenter } from "./services/Presenter.ts"
import type { CallbackServer } from "./server/CallbackServer.ts"
import type { CredentialStore } from "./store/CredentialStore.ts"
import type { PasteInput } from "./paste/PasteInput.ts"

export { BindError } from "./core/oauth/BindError.ts"
export {
  AuthorizationDenied,
  AuthorizationTimeout,
  InvalidAuthorizationUrl,
  InvalidResponse
} from "./core/oauth/FlowError.ts"
export type { ClientMetadata } from "./core/mcp/ClientMetadata.ts"
export type { ClientOptions, PreRegisteredClient } from "./core/mcp/ClientOptions.ts"
export type { AuthorizationOptions } from "./core/mcp/AuthorizationOptions.ts"
export { Closed, type ClosedBase } from "./core/mcp/Closed.ts"
export { InvalidOptions, type InvalidOptionsBase } from "./core/InvalidOptions.ts"
export type { Unsafe } from "./core/mcp/Unsafe.ts"
export { InvalidServerUrl, type InvalidServerUrlBase, type InvalidServerUrlReason } from "./core/mcp/ServerUrl.ts"
export {
  DiscoveryError,
  type FaultReason,
  InteractionRequired,
  type InteractionRequiredBase,
  McpConnectError,
  type McpConnectErrorBase,
  RegistrationError,
  type RegistrationReason,
  type RevocableToken,
  RevocationError,
  SdkMissing,
  type SdkMissingBase,
  TokenError,
  type TokenReason,
  UntrustedMetadata,
  type UntrustedReason
} from "./core/mcp/SignInError.ts"
export type { RegistrationErrorBase, RevocationErrorBase, TokenErrorBase } from "./core/mcp/AuthorizationServerError.ts"
export type { WhyFields } from "./core/mcp/FaultReason.ts"
export type { DiscoveryErrorBase, UntrustedMetadataBase } from "./core/mcp/MetadataError.ts"
export type { FetchLike, SignedInFetch } from "./mcp/FetchLike.ts"
export type { ConnectableClient, PresentOptions, TransportLike, TransportOptions } from "./mcp/ConnectableClient.ts"
export type {
  ConnectAll,
  ConnectAllOptions,
  Connected,
  ConnectedAll,
  ConnectOptions,
  ServersToConnect,
  ServerToConnect
} from "./mcp/connect.ts"
export type { ConnectError, McpOAuth as McpOAuthInterface, McpOAuthError, McpOAuthOptions } from "./mcp/McpOAuth.ts"
export type { PresentUrlOptions } from "./mcp/presentUrl.ts"
export {
  InvalidElicitation,
  type InvalidElicitationBase,
  type InvalidElicitationReason
} from "./core/mcp/UrlElicitation.ts"
export type { UrlAction, UrlRequest, UrlWarning } from "./core/mcp/UrlRequest.ts"
export type { ServerOptions } from "./mcp/ServerOptions.ts"
export type { Account } from "./mcp/Account.ts"
export type { Status } from "./mcp/Status.ts"
export type {
  OAuthClientProvider,
  ProviderClient,
  ProviderClientMetadata,
  ProviderContext,
  ProviderTokens
} from "./mcp/OAuthClientProvider.ts"
export { CredentialStoreError } from "./services/CredentialStore.ts"

/**
 * The sign-in to one MCP server.
 *
 * @since 0.1.0
 * @category services
 */
export interface McpOAuth extends McpOAuthInterface {}

/**
 * Signs in to MCP servers: the tag of the {@link McpOAuth} service, and its constructors.
 *
 * @since 0.1.0
 * @category services
 */
export const McpOAuth: Context.Tag<McpOAuth, McpOAuth> & {
  /**
   * Makes the sign-in to one server. Nothing is sent or opened before it is used. It ends when the scope closes: after
   * that nothing opens a browser or stores a token.
   *
   * Fails with `InvalidServerUrl` when the URL of the server cannot be used, and with `InvalidOptions` when another option
   * cannot.
   *
   * @example
   * ```ts
   * import { Effect } from "effect"
   * import { McpOAuth } from "effect-oauth-callback/mcp"
   *
   * // For a transport: new StreamableHTTPClientTransport(url, { fetch })
   * const signedInFetch = Effect.gen(function* () {
   *   const oauth = yield* McpOAuth.make({ serverUrl: "https://example.com/mcp" })
   *   yield* oauth.ensure
   *   return oauth.fetch
   * })
   * ```
   */
  readonly make: <R = never>(
    options: McpOAuthOptions<R>
  ) => Effect.Effect<
    McpOAuth,
    InvalidOptions | InvalidServerUrl,
    R | Scope.Scope | CallbackServer | CredentialStore | PasteInput | Presenter
  >
  /**
   * The same as a layer, for a program that signs in to one server. Fails as `make` does when it is built.
   *
   * @example
   * ```ts
   * import { Effect } from "effect"
   * import { McpOAuth } from "effect-oauth-callback/mcp"
   *
   * const signedIn = Effect.flatMap(McpOAuth, ({ ensure }) => ensure)
   * const program = Effect.provide(signedIn, McpOAuth.layer({ serverUrl: "https://example.com/mcp" }))
   * ```
   *
   * For several servers give each a tag of its own, and make its layer of `make`:
   *
   * @example
   * ```ts
   * import { Context, Effect, Layer } from "effect"
   * import { McpOAuth } from "effect-oauth-callback/mcp"
   * import { layerFile } from "effect-oauth-callback/node"
   *
   * class Mail extends Context.Tag("Mail")<Mail, McpOAuth>() {}
   * class Notes extends Context.Tag("Notes")<Notes, McpOAuth>() {}
   * class Wiki extends Context.Tag("Wiki")<Wiki, McpOAuth>() {}
   *
   * const servers = Layer.mergeAll(
   *   Layer.scoped(Mail, McpOAuth.make({ serverUrl: "https://mail.example.com/mcp" })),
   *   Layer.scoped(Notes, McpOAuth.make({ serverUrl: "https://notes.example.com/mcp" })),
   *   Layer.scoped(Wiki, McpOAuth.make({ serverUrl: "https://wiki.example.com/mcp" }))
   * ).pipe(Layer.provide(layerFile({ appName: "my-agent" })))
   *
   * const status = Effect.provide(Effect.flatMap(Mail, ({ status }) => status), servers)
   * ```
   */
  readonly layer: <R = never>(
    options: McpOAuthOptions<R>
  ) => Layer.Layer<
    McpOAuth,
    InvalidOptions | InvalidServerUrl,
    Exclude<R, Scope.Scope> | CallbackServer | CredentialStore | PasteInput | Presenter
  >
  /**
   * The same with options from `Config`: each is a `Config`, or all of them are one. What is no setting, such as `fetch`, goes
   * into `Config.succeed`; an optional secret is `Config.withDefault(Config.redacted("S"), undefined)`. Fails with
   * `ConfigError` too. Where options need services: `Layer.scoped(McpOAuth, Effect.flatMap(config, McpOAuth.make))`.
   *
   * @example
   * ```ts
   * import { Config } from "effect"
   * import { type FetchLike, McpOAuth } from "effect-oauth-callback/mcp"
   *
   * const byProxy: FetchLike = (url, init) => fetch(url, init)
   *
   * const signIn = McpOAuth.layerConfig({
   *   serverUrl: Config.string("MCP_URL"),
   *   interactive: Config.withDefault(Config.boolean("MCP_INTERACTIVE"), true),
   *   client: {
   *     clientId: Config.string("MCP_CLIENT_ID"),
   *     clientSecret: Config.redacted("MCP_CLIENT_SECRET")
   *   },
   *   fetch: Config.succeed(byProxy)
   * })
   * ```
   */
  readonly layerConfig: (
    options: Config.Config.Wrap<McpOAuthOptions>
  ) => Layer.Layer<
    McpOAuth,
    ConfigError | InvalidOptions | InvalidServerUrl,
    CallbackServer | CredentialStore | PasteInput | Presenter
  >
  /**
   * Signs in if that is needed, and connects a client of either SDK. The client is closed when the scope closes.
   *
   * Fails with {@link McpOAuthError}, or with `McpConnectError` when the client could not connect or the server does not
   * answer within 60 seconds, not counting a sign-in. Then nothing is left in the scope.
   *
   * @example
   * ```ts
   * import { Effect } from "effect"
   * import { type ConnectableClient, McpOAuth } from "effect-oauth-callback/mcp"
   *
   * // With: new Client({ name: "my-agent", version: "1.0.0" })
   * const expiry = (client: ConnectableClient) =>
   *   Effect.gen(function* () {
   *     const { oauth } = yield* McpOAuth.connect(client, { serverUrl: "https://example.com/mcp" })
   *     return (yield* oauth.status).expiresAt
   *   })
   * ```
   */
  readonly connect: <Client extends ConnectableClient, R = never>(
    client: Client,
    options: ConnectOptions<R>
  ) => Effect.Effect<
    Connected<Client>,
    ConnectError,
    R | Scope.Scope | CallbackServer | CredentialStore | PasteInput | Presenter
  >
  /**
   * Connects to several servers at the same time, each sign-in on its own port, or together on the one that is named. It
   * never fails: the result has, under the name of each server, the connected client or the error. The clients are closed
   * when the scope closes.
   *
   * @example
   * ```ts
   * import { Effect, Either } from "effect"
   * import { type ConnectableClient, McpOAuth } from "effect-oauth-callback/mcp"
   *
   * const connected = (newClient: () => ConnectableClient) =>
   *   Effect.gen(function* () {
   *     const { mail, wiki } = yield* McpOAuth.connectAll({
   *       mail: { client: newClient(), serverUrl: "https://mail.example.com/mcp" },
   *       wiki: { client: newClient(), serverUrl: "https://wiki.example.com/mcp" }
   *     })
   *     if (Either.isLeft(wiki)) yield* Effect.logError(wiki.left.message)
   *     return mail
   *   })
   * ```
   */
  readonly connectAll: ConnectAll
  /**
   * Shows a page that a server asks the person to open (URL mode elicitation: `elicitation/create`, or the error -32042), asks
   * for consent, and opens it. The Presenter shows the whole address and its host, and warns of names in another alphabet.
   *
   * Fails with `InvalidElicitation` when the page may not be shown: only https, or http on this machine, without a user name.
   *
   * @example
   * ```ts
   * import { Effect } from "effect"
   * import { McpOAuth, type UrlAction } from "effect-oauth-callback/mcp"
   *
   * // In the handler of elicitation/create, with a function of yours that asks the person
   * const answer = (params: unknown, ask: (question: string) => Effect.Effect<UrlAction>) =>
   *   Effect.map(
   *     McpOAuth.presentUrl(params, { serverName: "wiki", consent: ({ host }) => ask(`Open ${host}?`) }),
   *     (action) => ({ action })
   *   )
   * ```
   */
  readonly presentUrl: <E = never, R = never>(
    elicitation: unknown,
    options: PresentUrlOptions<E, R>
  ) => Effect.Effect<UrlAction, InvalidElicitation | E, Presenter | R>
  /**
   * Who is signed in where: what the store keeps, in the order of servers and accounts, without secrets. `isSignedIn` tells
   * whether a person is needed, as far as that is known without asking the server; `isSigningIn` is always `false`. What is
   * damaged, or was written by a newer version of this package, is left out.
   *
   * To sign out, make the sign-in of that `serverUrl` and `account`, with the other options that it was made with, and run its
   * `logout`. Where `serverUrl` is not shown, because it has a query, only the program that passed it knows it.
   *
   * Fails with `CredentialStoreError` when the store cannot be read, or cannot list what it keeps.
   *
   * @example
   * ```ts
   * import { Effect } from "effect"
   * import { McpOAuth } from "effect-oauth-callback/mcp"
   *
   * const signedIn = Effect.map(McpOAuth.accounts, (accounts) =>
   *   accounts.filter(({ isSignedIn }) => isSignedIn).map(({ account, server }) => `${server} ${account}`)
   * )
   * ```
   */
  readonly accounts: Effect.Effect<ReadonlyArray<Account>, CredentialStoreError, CredentialStore>
} = Object.assign(tag, { make, layer, layerConfig, connect, connectAll, presentUrl, accounts })
