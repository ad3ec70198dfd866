/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The types of signing in to MCP servers without Effect. They name types of neither Effect nor an MCP SDK.
 */
import type { SomeTexts } from "../core/terminal/Texts.ts"
import type { ConnectableClient, PresentOptions, TransportOptions } from "../mcp/ConnectableClient.ts"
import type { SignedInFetch } from "../mcp/FetchLike.ts"
import type { OAuthClientProvider } from "../mcp/OAuthClientProvider.ts"
import type { ServerOptions } from "../mcp/ServerOptions.ts"
import type { Status } from "../mcp/Status.ts"
import type { OpenCallbackOptions } from "./Callback.ts"
import type { AskOptions, ScreenOptions } from "./Screen.ts"
import type { TextStore } from "./TextStore.ts"

/**
 * Options of `createMcpOAuth`. Times are milliseconds.
 *
 * @since 0.1.0
 * @category options
 */
export interface CreateMcpOAuthOptions extends ServerOptions<string>, AskOptions, ScreenOptions {
  /**
   * Where the browser comes back to, and the time-limit from showing the URL to the accepted response.
   *
   * A client made by hand, and one of `clientMetadataUrl`, uses the ports that are named here and no other: servers know
   * these. All sign-ins of this user share a port. When a stranger's program has it, the person pastes the answer, unless
   * `onPortBusy` is `"fail"` or `paste` is false: then it is a `BindError` of reason `PortInUse`.
   *
   * @default any free port of 127.0.0.1, and 300000
   */
  readonly callback?: CallbackOptions | undefined
  /**
   * The time-limit of each step between this program and the authorization server, in milliseconds. What spends a code or
   * a refresh token goes on after it, for up to a minute, and its tokens are kept.
   *
   * @default 30000
   */
  readonly requestTimeout?: number | undefined
  /**
   * Where credentials are stored: in files that only this user can read, in the keychain of the person, or in a store of your
   * own.
   *
   * @default in memory, until it is closed
   */
  readonly store?: StoreInFiles | StoreInKeychain | TextStore | undefined
  /**
   * Where pasted text comes from: each element is one paste. `false`: nowhere. Each sign-in gets an iterator and ends it.
   *
   * @default stdin
   */
  readonly prompt?: AsyncIterable<string> | false | undefined
  /**
   * How the browser is opened. `false`: not at all, the URL is only printed on stderr.
   *
   * @default the system's browser; none where `present` shows the sign-in
   */
  readonly openBrowser?: boolean | ((url: URL) => unknown) | undefined
  /** The texts that the terminal shows, in other words or another language. @default English */
  readonly texts?: SomeTexts | undefined
  /** Closes it when the signal is aborted. @default none */
  readonly signal?: AbortSignal | undefined
}

/**
 * Credentials in files that only this user can read, one for each server and account.
 *
 * @since 0.1.0
 * @category options
 */
export interface StoreInFiles {
  /** Name of the program, and of its folder in the platform's configuration directory. */
  readonly appName: string
  /** A folder to use instead. A relative path is resolved against the working directory. */
  readonly directory?: string | undefined
  /**
   * Whether the files are encrypted, with a key that is in the keychain of the person alone, under `appName`: a copy of the
   * folder is worth nothing without it. It needs the package `@napi-rs/keyring`. Where the keychain is not there, is locked, or
   * has the key no more, promises reject with `_tag: "CredentialStoreError"`; nothing is written in the clear. Files in the
   * clear are read, and encrypted when they are next changed.
   *
   * @default false
   */
  readonly encrypt?: boolean | undefined
  /** Not in the keychain: that is {@link StoreInKeychain}. */
  readonly keychain?: false | undefined
}

/**
 * Credentials in the keychain of the person: the Keychain of macOS, the Credential Manager of Windows, on Linux whatever
 * provides a Secret Service. It needs the package `@napi-rs/keyring`. Where that or the keychain is not there, or is locked,
 * promises reject with `_tag: "CredentialStoreError"`, and nothing is kept anywhere else.
 *
 * @since 0.1.0
 * @category options
 */
export interface StoreInKeychain {
  /** Name of the program, under which the person finds them in the keychain. */
  readonly appName: string
  /** Says that they are kept in the keychain. */
  readonly keychain: true
  /** There is no folder: that is {@link StoreInFiles}. */
  readonly directory?: undefined
  /** The keychain encrypts by itself. */
  readonly encrypt?: false | undefined
}

/**
 * Where the browser comes back to.
 *
 * @since 0.1.0
 * @category options
 */
export interface CallbackOptions extends
  Pick<
    OpenCallbackOptions,
    "allowOrigins" | "host" | "onPortBusy" | "page" | "paste" | "path" | "port" | "redirectUri" | "responseMode"
  > {
  /** The time-limit from showing the URL to the accepted response, in milliseconds. @default 300000 */
  readonly timeout?: number | undefined
}

/**
 * The sign-in to one MCP server. Promises reject with `McpOAuthFailure`, or with the reason of an aborted signal.
 *
 * @since 0.1.0
 * @category models
 */
export interface McpOAuth {
  /**
   * The `fetch` for a transport: it adds the access token, refreshes it, signs in and asks for more scopes. A person who
   * was asked in vain is not asked again by a request: it rejects with `InteractionRequired` until `ensure` or `login` is
   * called, or ten minutes have passed.
   *
   * It takes a `Request` too, whose body is read once, and kept until the answer is there. What the `fetch` of the options
   * rejects with comes through as it is: that alone may have no `_tag`.
   *
   * A request that waits for its answer when the sign-in is closed rejects with `Closed`. An answer that has
   * begun is the caller's, and its body goes on. What was sent ends when the server answers, or with your `signal`.
   */
  readonly fetch: SignedInFetch
  /**
   * Signs in, unless there is a valid token or the server needs none. If a sign-in is under way, it waits for that one. The
   * signal ends the waiting.
   */
  ensure(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>
  /** Signs in now, whatever is stored. If a sign-in is under way, it waits for that one. The signal ends the waiting. */
  login(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>
  /** Forgets the credentials, then revokes the tokens where the server offers that (RFC 7009). */
  logout(): Promise<void>
  /** What is known about the sign-in, without secrets. */
  status(): Promise<Status>
  /** An `authProvider` for one transport, a new one each time it is read. Prefer `fetch`. */
  readonly provider: OAuthClientProvider
  /** Takes an address that was pasted into your own input box. Rejects with `PasteRefused`, which says what to paste. */
  submit(text: string): Promise<void>
  /**
   * Releases everything, within one second. Promises that are pending reject with `_tag: "Closed"`. Only what spends a code
   * or a refresh token just then goes on, for ten seconds at most, so that its tokens are not lost.
   */
  close(): Promise<void>
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Options of `connect`.
 *
 * @since 0.1.0
 * @category options
 */
export interface ConnectOptions extends CreateMcpOAuthOptions, TransportOptions {}

/**
 * A client that is connected, and the sign-in that it uses.
 *
 * @since 0.1.0
 * @category models
 */
export interface Connected<Client> {
  /** The client that was passed, connected. */
  readonly client: Client
  /** Its `close` closes the client too. */
  readonly oauth: McpOAuth
}

/**
 * A client, and the server to connect it to.
 *
 * @since 0.1.0
 * @category options
 */
export interface ServerToConnect<out Client extends ConnectableClient = ConnectableClient> extends
  Omit<
    ConnectOptions,
    "askClientId" | "client" | "onNotice" | "openBrowser" | "present" | "prompt" | "signal" | "store" | "texts"
  > {
  /** The client of the MCP SDK. */
  readonly client: Client
  /** A client that was registered by hand: what `connect` calls `client`. @default none */
  readonly registration?: CreateMcpOAuthOptions["client"]
}

/**
 * The servers of clients of these types. A type of its own for each name, so that the compiler refuses options that there
 * are none of, which it does not in a type that it infers.
 *
 * @since 0.1.0
 * @category options
 */
export type ServersToConnect<Clients extends Readonly<Record<string, ConnectableClient>>> = {
  readonly [Name in keyof Clients]: ServerToConnect<Clients[Name]>
}

/**
 * Options of `connectAll` for all servers together.
 *
 * @since 0.1.0
 * @category options
 */
export interface ConnectAllOptions
  extends
    Pick<CreateMcpOAuthOptions, "askClientId" | "onNotice" | "openBrowser" | "prompt" | "signal" | "store" | "texts"> {
  /**
   * How sign-ins are shown: in the terminal one after the other or `"all"` at once, as `turns` has them; or on a screen of
   * your own, as `present` of `createMcpOAuth` does it; `false`: not at all.
   *
   * @default "one-at-a-time"
   */
  readonly present?: PresentOptions["present"] | ScreenOptions["present"]
  /**
   * `"one-at-a-time"`: a sign-in is shown when the one before has ended; the others are told of as queued, with URLs that work
   * already, and their time-limits do not run yet. `"all"`: all at once.
   *
   * @default "all" where `present` is `"all"`, else "one-at-a-time"
   */
  readonly turns?: PresentOptions["present"]
  /** How many servers are connected to at the same time. @default all */
  readonly concurrency?: number | undefined
}

/**
 * For each server, under its name: the connected client, or why it could not be connected.
 *
 * @since 0.1.0
 * @category models
 */
export type ConnectedAll<Servers extends Readonly<Record<string, Pick<ServerToConnect, "client">>>> = {
  readonly [Name in keyof Servers]: PromiseSettledResult<Connected<Servers[Name]["client"]>>
}
