/// <reference lib="esnext.disposable" preserve="true" />
/**
 * What signing in to MCP servers takes and gives without Effect, in types that name neither Effect nor an SDK.
 */
import type { SomeTexts } from "../core/terminal/Texts.ts"
import type { ConnectableClient, TransportLike } from "../mcp/ConnectableClient.ts"
import type { FetchLike } from "../mcp/FetchLike.ts"
import type { OAuthClientProvider } from "../mcp/OAuthClientProvider.ts"
import type { Status } from "../mcp/Status.ts"
import type { CallbackError, OpenCallbackOptions } from "./Callback.ts"

/** A place for texts by name: a key chain, a database. The texts hold tokens in the clear. */
export interface TextStore {
  readonly get: (name: string) => Promise<string | undefined | null> | string | undefined | null
  readonly set: (name: string, text: string) => unknown
  readonly delete: (name: string) => unknown
}

/** Options of `createMcpOAuth`. Times are milliseconds. */
export interface CreateMcpOAuthOptions {
  /** Where the MCP server is: https, or on this machine. Tokens are sent to its origin and nowhere else. */
  readonly serverUrl: string | URL
  /** What the person signs in to, as the terminal names it. @default the host of `serverUrl` */
  readonly name?: string | undefined
  /** Tells two identities on one server apart. @default "" */
  readonly account?: string | undefined
  /** Shown to the person by the authorization server. @default "effect-oauth-callback" */
  readonly clientName?: string | undefined
  /** Where the document about this program is published (Client ID Metadata Documents): https, with a path. */
  readonly clientMetadataUrl?: string | undefined
  /** A registration made by hand; it goes before every other way. */
  readonly client?: {
    readonly clientId: string
    readonly clientSecret?: string | undefined
    /** For servers that offer several ways and take one. @default what the server prefers */
    readonly authMethod?: "client_secret_basic" | "client_secret_post" | "none" | undefined
    readonly issuer?: string | undefined
  } | undefined
  /** Scopes to ask for beside those that the server asks for, separated by spaces. @default what the server knows */
  readonly scope?: string | undefined
  /** `false`: never a browser; what only a person can do rejects with `InteractionRequired`. @default true */
  readonly interactive?: boolean | undefined
  /** For proxies, private certificate authorities and tests; MCP requests and sign-in requests. @default `fetch` */
  readonly fetch?: FetchLike | undefined
  /** Where the browser comes back to, and how many milliseconds it may take. @default any free port, 300000 */
  readonly callback?: CallbackOptions | undefined
  /** Milliseconds for each step between this program and the authorization server. @default 30000 */
  readonly requestTimeout?: number | undefined
  /** Checks that are waived for this server. @default none */
  readonly unsafe?: {
    readonly allowMissingS256?: boolean | undefined
    readonly allowIssuerMismatch?: boolean | undefined
  } | undefined
  /**
   * Where credentials are kept: files in the configuration directory of `appName` (or in `directory`), which only this
   * user can read, or a place of your own.
   *
   * @default in memory, until it is closed
   */
  readonly store?: { readonly appName: string; readonly directory?: string | undefined } | TextStore | undefined
  /**
   * Where pasted text comes from, one element a paste; `false` reads none. Each sign-in asks for an iterator and ends it.
   *
   * @default stdin
   */
  readonly prompt?: AsyncIterable<string> | false | undefined
  /** How the browser is opened; `false` only prints the address on stderr. @default the system's browser */
  readonly openBrowser?: boolean | ((url: URL) => unknown) | undefined
  /** What the terminal says, in other words or another language. @default English */
  readonly texts?: SomeTexts | undefined
  /** Closes it when it aborts. */
  readonly signal?: AbortSignal | undefined
}

/** Where the browser comes back to. */
export interface CallbackOptions extends
  Pick<
    OpenCallbackOptions,
    "host" | "onPortBusy" | "page" | "paste" | "path" | "port" | "redirectUri" | "responseMode"
  > {
  /** Milliseconds from showing the URL to the accepted response. @default 300000 */
  readonly timeout?: number | undefined
}

/** The sign-in to one MCP server. Rejections are `Error`s with a `_tag` and fields. */
export interface McpOAuth {
  /** Hand it to a transport as its `fetch`. */
  readonly fetch: FetchLike
  /** Signs in only where nothing stored can serve and the server wants a sign-in; joins one that runs. */
  ensure(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>
  /** Signs in now, whatever is stored; joins a sign-in that runs. */
  login(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>
  /** Forgets what is stored, and has the server end the tokens where it offers that (RFC 7009). */
  logout(): Promise<void>
  /** What is known, without a secret. */
  status(): Promise<Status>
  /** A new one each time, for one transport that must have an `authProvider`. Prefer `fetch`. */
  readonly provider: OAuthClientProvider
  /** Takes a pasted address from your own input box; rejects with `PasteRefused`, whose message says what to paste. */
  submit(text: string): Promise<void>
  /** Releases everything, within a second; what waits rejects with `_tag: "Closed"`. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Options of `connect`. */
export interface ConnectOptions extends CreateMcpOAuthOptions {
  /** Makes the transport, which has to send its requests through `fetch`. @default Streamable HTTP of SDK v1 */
  readonly transport?: ((url: URL, options: { readonly fetch: FetchLike }) => TransportLike) | undefined
}

/** A client that is connected. */
export interface Connected<Client> {
  readonly client: Client
  /** `close` closes the client too. */
  readonly oauth: McpOAuth
}

/** A client, and the server it is for. */
export interface ServerToConnect
  extends Omit<ConnectOptions, "client" | "openBrowser" | "prompt" | "signal" | "store" | "texts"> {
  readonly client: ConnectableClient
  /** A registration made by hand: what `connect` calls `client`. */
  readonly registration?: CreateMcpOAuthOptions["client"]
}

/** How `connectAll` goes about it, for all servers together. */
export interface ConnectAllOptions
  extends Pick<CreateMcpOAuthOptions, "openBrowser" | "prompt" | "signal" | "store" | "texts"> {
  /** How many servers are connected to at once. @default all */
  readonly concurrency?: number | undefined
  /** One browser tab after the other, or all at once. @default "one-at-a-time" */
  readonly present?: "one-at-a-time" | "all" | undefined
}

/** What became of each server, under its name. */
export type ConnectedAll<Servers extends Readonly<Record<string, ServerToConnect>>> = {
  readonly [Name in keyof Servers]: PromiseSettledResult<Connected<Servers[Name]["client"]>>
}

/** The rejections of an {@link McpOAuth}, told apart by `_tag`; those of a sign-in are {@link CallbackError} too. */
export type McpOAuthFailure =
  | CallbackError
  | (
    & Error
    & (
      | { readonly _tag: "InvalidServerUrl"; readonly reason: string }
      | { readonly _tag: "DiscoveryError"; readonly reason: string; readonly server: string; readonly url: string }
      | { readonly _tag: "UntrustedMetadata"; readonly reason: string; readonly server: string; readonly field: string }
      | {
        readonly _tag: "RegistrationError"
        readonly reason: string
        readonly issuer: string
        readonly error?: string
      }
      | {
        readonly _tag: "TokenError"
        readonly reason: string
        readonly grant: "authorization_code" | "refresh_token"
        readonly issuer: string
        readonly error?: string
      }
      | { readonly _tag: "RevocationError"; readonly reason: string; readonly issuer: string }
      | {
        readonly _tag: "InteractionRequired"
        readonly reason: string
        readonly server: string
        readonly scope?: string
      }
      | { readonly _tag: "CredentialStoreError"; readonly reason: string; readonly detail: string }
      | { readonly _tag: "SdkMissing" }
      | { readonly _tag: "McpConnectError"; readonly server: string; readonly detail: string }
    )
  )
