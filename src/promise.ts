/**
 * The callback flow, and the sign-in to MCP servers, for async/await. The runtime is found by itself, and everything
 * behind it is loaded on first use.
 *
 * Times are milliseconds. Rejections are `Error`s with a `_tag` and fields; an abort rejects with `signal.reason` itself.
 *
 * @module
 */

import type { ConnectableClient } from "./mcp/ConnectableClient.ts"
import type { Account } from "./mcp/Account.ts"
import type { Callback, OpenCallbackOptions } from "./promise/Callback.ts"
import type { AccountsOptions, ExportCredentialsOptions, ImportCredentialsOptions } from "./promise/Credentials.ts"
import type { PresentUrlOptions, UrlAction } from "./promise/Elicitation.ts"
import type {
  ConnectAllOptions,
  Connected,
  ConnectedAll,
  ConnectOptions,
  CreateMcpOAuthOptions,
  McpOAuth,
  ServersToConnect
} from "./promise/McpOAuth.ts"

export type { PageOptions, PageOutcome, PageView } from "./core/page/PageOptions.ts"
export type { PageAbout, PageTexts, PageWords } from "./core/page/PageTexts.ts"
export type { SignInOutcome, SomeTexts, Texts } from "./core/terminal/Texts.ts"
export type { ConnectableClient, TransportLike } from "./mcp/ConnectableClient.ts"
export type { FetchLike, SignedInFetch } from "./mcp/FetchLike.ts"
export type { OAuthClientProvider } from "./mcp/OAuthClientProvider.ts"
export type { Account } from "./mcp/Account.ts"
export type { Status } from "./mcp/Status.ts"
export type { AccountsOptions, ExportCredentialsOptions, ImportCredentialsOptions } from "./promise/Credentials.ts"
export { createHostedSignIn } from "./promise/createHostedSignIn.ts"
export type {
  BeginSignInOptions,
  BegunSignIn,
  CreateHostedSignInOptions,
  HostedFailure,
  HostedOutcome,
  HostedSignIn,
  PendingStore,
  RequestTarget
} from "./promise/HostedSignIn.ts"
export type {
  CallbackOptions,
  ConnectAllOptions,
  Connected,
  ConnectedAll,
  ConnectOptions,
  CreateMcpOAuthOptions,
  McpOAuth,
  ServersToConnect,
  ServerToConnect,
  StoreInFiles,
  StoreInKeychain
} from "./promise/McpOAuth.ts"
export type { McpOAuthFailure } from "./promise/McpOAuthFailure.ts"
export type { HeldTurn, TextStore, TurnRequest } from "./promise/TextStore.ts"

export type {
  AuthorizeOptions,
  Callback,
  CallbackError,
  ExchangeOptions,
  GrantedCode,
  OpenCallbackOptions,
  RefusedInput
} from "./promise/Callback.ts"

export type { PresentUrlOptions, UrlAction, UrlRequest } from "./promise/Elicitation.ts"
export type { ClientIdProblem } from "./core/mcp/ClientIdQuestion.ts"
export type { AskOptions, ClientIdQuestion, Notice, PendingSignIn, ScreenOptions } from "./promise/Screen.ts"

/**
 * Binds the listener and returns the callback; close it when done.
 *
 * Rejects with `BindError` when no port could be had or the options cannot work, or with `signal.reason`.
 *
 * @example
 * ```ts
 * import { openCallback } from "effect-oauth-callback/promise"
 *
 * const callback = await openCallback({ paste: false })
 * try {
 *   if (!callback.redirectUri.startsWith("http://127.0.0.1:")) throw new Error("already listening here")
 * } finally {
 *   await callback.close()
 * }
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const openCallback = async (options: OpenCallbackOptions = {}): Promise<Callback> =>
  (await import("./promise/openCallback.ts")).openCallback(options)

/**
 * The sign-in to one MCP server; nothing is asked or opened before it is used. Close it when done: after that nothing
 * opens a browser or writes a token.
 *
 * Rejects with `InvalidServerUrl` when the address cannot be used, or with `signal.reason`. What it gives rejects with
 * {@link McpOAuthFailure}.
 *
 * @example
 * ```ts
 * import { createMcpOAuth } from "effect-oauth-callback/promise"
 *
 * const oauth = await createMcpOAuth({ serverUrl: "https://example.com/mcp", prompt: false })
 * try {
 *   // For a transport: new StreamableHTTPClientTransport(url, { fetch: oauth.fetch })
 *   if ((await oauth.status()).isSignedIn) throw new Error("nothing is stored yet")
 * } finally {
 *   await oauth.close()
 * }
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const createMcpOAuth = async (options: CreateMcpOAuthOptions): Promise<McpOAuth> =>
  (await import("./promise/createMcpOAuth.ts")).createMcpOAuth(options)

/**
 * Signs in and connects a client of `@modelcontextprotocol/sdk` or `@modelcontextprotocol/client`; `oauth.close()` closes
 * it. Without `transport` it needs the transport of `@modelcontextprotocol/sdk`.
 *
 * Rejects with {@link McpOAuthFailure}, or with `signal.reason`; nothing is left open then.
 *
 * @example
 * ```ts
 * import { connect, type ConnectableClient } from "effect-oauth-callback/promise"
 *
 * // With: new Client({ name: "my-agent", version: "1.0.0" })
 * const expiry = async (client: ConnectableClient) => {
 *   const { oauth } = await connect(client, { serverUrl: "https://example.com/mcp", store: { appName: "my-agent" } })
 *   return (await oauth.status()).expiresAt
 * }
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const connect = async <Client extends ConnectableClient>(
  client: Client,
  options: ConnectOptions
): Promise<Connected<Client>> => (await import("./promise/createMcpOAuth.ts")).connect(client, options)

/**
 * Connects to many servers at once, each sign-in on a port of its own, or together on the one that is named. What became of
 * each is under its name, as `Promise.allSettled` writes it.
 *
 * Rejects only with `signal.reason`, or when the store or the runtime's services cannot be had.
 *
 * @example
 * ```ts
 * import { connectAll, type ConnectableClient } from "effect-oauth-callback/promise"
 *
 * const wiki = async (newClient: () => ConnectableClient) => {
 *   const { wiki } = await connectAll({
 *     mail: { client: newClient(), serverUrl: "https://mail.example.com/mcp" },
 *     wiki: { client: newClient(), serverUrl: "https://wiki.example.com/mcp" }
 *   }, { store: { appName: "my-agent" } })
 *   return wiki.status === "fulfilled" ? wiki.value.client : undefined
 * }
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const connectAll = async <Clients extends Readonly<Record<string, ConnectableClient>>>(
  servers: ServersToConnect<Clients>,
  options: ConnectAllOptions = {}
): Promise<ConnectedAll<ServersToConnect<Clients>>> =>
  (await import("./promise/createMcpOAuth.ts")).connectAll(servers, options)

/**
 * Closes everything of a {@link connectAll}: clients, sign-ins and what they share. It always resolves, within one second also
 * where a close hangs, which then goes on alone; a second time is fine.
 *
 * @example
 * ```ts
 * import { closeAll, connectAll, type ConnectableClient } from "effect-oauth-callback/promise"
 *
 * const briefly = async (client: ConnectableClient) => {
 *   const connected = await connectAll({ wiki: { client, serverUrl: "https://wiki.example.com/mcp" } })
 *   await closeAll(connected)
 * }
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const closeAll = async (
  connected: ConnectedAll<ServersToConnect<Readonly<Record<string, ConnectableClient>>>>
): Promise<void> => (await import("./promise/closeAll.ts")).closeAll(connected)

/**
 * Shows a page that an MCP server asks the person to open (URL mode elicitation), asks for consent, and opens it. The terminal
 * shows the whole address and its host, and warns of names in another alphabet. Nothing is fetched before, and without consent
 * nothing is opened. What the person does on that page is told by the server alone.
 *
 * `elicitation` is the request `elicitation/create` or its parameters, or the error -32042 of a request
 * (`UrlElicitationRequiredError`): its pages are shown one after the other, up to the first that is not accepted.
 *
 * Rejects with `_tag: "InvalidElicitation"` when the page may not be shown: only https, or http on this machine, without a user
 * name. Then answer the server with the error -32602.
 *
 * @example
 * ```ts
 * import { presentUrl } from "effect-oauth-callback/promise"
 *
 * // client.setRequestHandler(ElicitRequestSchema, ({ params }) => answer(params, ask))
 * const answer = async (params: unknown, ask: (question: string) => Promise<boolean>) => ({
 *   action: await presentUrl(params, {
 *     serverName: "wiki",
 *     consent: async ({ host, url }) => await ask(`Open ${url} at ${host}?`) ? "accept" : "decline"
 *   })
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const presentUrl = async (elicitation: unknown, options: PresentUrlOptions): Promise<UrlAction> =>
  (await import("./promise/presentUrl.ts")).presentUrl(elicitation, options)

/**
 * Who is signed in where: what the store keeps, in the order of servers and accounts, without secrets. `isSignedIn` tells
 * whether a person is needed, as far as that is known without asking the server; `isSigningIn` is always `false`. What is
 * damaged, or was written by a newer version of this package, is left out.
 *
 * To sign out, pass `serverUrl` and `account` of one to `createMcpOAuth`, with the other options that it was signed in with, and
 * call `logout`. Where `serverUrl` is not shown, because it has a query, only the program that passed it knows it.
 *
 * Rejects with `CredentialStoreError` when the store cannot be read, or cannot list what it keeps; with `InvalidOptions`; or
 * with `signal.reason`.
 *
 * @example
 * ```ts
 * import { accounts, createMcpOAuth } from "effect-oauth-callback/promise"
 *
 * const store = { appName: "my-agent" }
 * const signOutOfAll = async () => {
 *   for (const { account, serverUrl } of await accounts({ store })) {
 *     if (serverUrl === undefined) continue
 *     const oauth = await createMcpOAuth({ serverUrl, account, store, interactive: false, prompt: false })
 *     await oauth.logout().finally(oauth.close)
 *   }
 * }
 * ```
 *
 * @since 0.1.0
 * @category credentials
 */
export const accounts = async (options: AccountsOptions): Promise<ReadonlyArray<Account>> =>
  (await import("./promise/storedCredentials.ts")).accounts(options)

/**
 * Writes the credentials of one server and account to a file or a pipe, to be imported elsewhere: tokens, the client and its
 * secret, in the clear. Nothing of them is printed or logged. It refuses stdout, stderr, terminals and symbolic links.
 *
 * **Two places cannot use one refresh token.** Where the authorization server rotates them (OAuth 2.1 has it so), the refresh of
 * the second place looks like that of a stolen token, and both lose their sign-in. So do not use it here any more after the
 * export: pass `move: true`, which also keeps others from refreshing it meanwhile. Or sign in for the other place by itself,
 * under an `account` of its own.
 *
 * Rejects with `CredentialStoreError` of reason `Unreadable` when nothing is stored for it, or more than one thing is, which
 * are named; of reason `Unwritable` when the place cannot be written to, must not be used, or is there already (`code` is
 * `EEXIST`); with `InvalidServerUrl` or `InvalidOptions`; or with `signal.reason`. Then no file is left behind.
 *
 * @example
 * ```ts
 * import { exportCredentials } from "effect-oauth-callback/promise"
 *
 * const toContainer = () =>
 *   exportCredentials({
 *     store: { appName: "my-agent" },
 *     serverUrl: "https://example.com/mcp",
 *     to: "./login.json",
 *     move: true
 *   })
 * ```
 *
 * @since 0.1.0
 * @category credentials
 */
export const exportCredentials = async (options: ExportCredentialsOptions): Promise<void> =>
  (await import("./promise/storedCredentials.ts")).exportCredentials(options)

/**
 * Stores what was exported, under its own server and account, and says what that is. It is checked as what a store reads is.
 * The file stays: remove it, since it holds tokens, and see {@link exportCredentials} for why only one place can use them.
 *
 * Rejects with `CredentialStoreError` of reason `Unreadable` when it cannot be read, must not be used, or was written by a
 * newer version of this package; `Damaged` when it is not what was exported; `Unwritable` when other credentials are stored
 * for the same (`code` is `EEXIST`), or the store cannot be written to; with `InvalidOptions`; or with `signal.reason`.
 *
 * @example
 * ```ts
 * import { importCredentials } from "effect-oauth-callback/promise"
 *
 * const whose = async () => {
 *   const { account, server } = await importCredentials({ store: { appName: "my-agent" }, from: "/dev/stdin" })
 *   return `${account} at ${server}`
 * }
 * ```
 *
 * @since 0.1.0
 * @category credentials
 */
export const importCredentials = async (options: ImportCredentialsOptions): Promise<Account> =>
  (await import("./promise/storedCredentials.ts")).importCredentials(options)
