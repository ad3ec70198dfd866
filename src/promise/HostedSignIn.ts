/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The types of signing people in from a web service without Effect. They name types of neither Effect nor an MCP SDK.
 */
import type { PageOptions } from "../core/page/PageOptions.ts"
import type { FetchLike } from "../mcp/FetchLike.ts"
import type { ServerOptions } from "../mcp/ServerOptions.ts"
import type { CreateMcpOAuthOptions } from "./McpOAuth.ts"
import type { McpOAuthFailure } from "./McpOAuthFailure.ts"

/**
 * Keeps short texts for minutes, for all machines that answer at one redirect URI. A text is encrypted before it comes here,
 * under a key that the store never sees. Both functions may return what they give, or a promise of it.
 *
 * @example
 * ```ts
 * import type { PendingStore } from "effect-oauth-callback/promise"
 *
 * // `redis` stands for a connection of the package `ioredis`, version 5.
 * const storeOver = (
 *   redis: {
 *     set(key: string, text: string, px: "PX", millis: number, nx: "NX"): Promise<"OK" | null>
 *     getdel(key: string): Promise<string | null>
 *   }
 * ): PendingStore => ({
 *   putIfAbsent: async (key, text, ttlMillis) => await redis.set(key, text, "PX", ttlMillis, "NX") === "OK",
 *   take: (key) => redis.getdel(key)
 * })
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export interface PendingStore {
  /**
   * Keeps a text for so many milliseconds, unless the key has one already; whether it did. Of several callers at the same
   * time, one gets `true`.
   */
  readonly putIfAbsent: (key: string, text: string, ttlMillis: number) => Promise<boolean> | boolean
  /** Gives the text of a key and removes it, as one step: of several callers at the same time, one gets it. */
  readonly take: (key: string) => Promise<string | null | undefined> | string | null | undefined
}

/**
 * Where a request of a sign-in leads.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestTarget {
  /** The URL that is about to be requested. */
  readonly url: URL
  /** The addresses that the name of its host has, as far as this runtime can tell; an address itself where the host is one. */
  readonly addresses: ReadonlyArray<string>
}

/**
 * The errors of a hosted sign-in, told apart by `_tag`: those of {@link McpOAuthFailure}, and two of its own.
 *
 * @since 0.1.0
 * @category errors
 */
export type HostedFailure =
  | McpOAuthFailure
  | (
    & Error
    & (
      | {
        readonly _tag: "PendingStoreError"
        readonly reason: string
        readonly detail: string
        readonly code?: string
        readonly cause?: unknown
      }
      | { readonly _tag: "TargetRefused"; readonly reason: string; readonly host: string; readonly kind?: string }
    )
  )

/**
 * What became of a request to the redirect URI, for the host's own log or counters. It holds no secret.
 *
 * - `SignedIn`: the credentials are stored
 * - `Failed`: an answer came, and the person is not signed in
 * - `Refused`: it was no answer to a sign-in that waits
 * - `StoreFailed`: the store of sign-ins that wait could not be asked
 *
 * @since 0.1.0
 * @category models
 */
export type HostedOutcome =
  | { readonly _tag: "SignedIn"; readonly account: string; readonly serverUrl: string }
  | {
    readonly _tag: "Failed"
    readonly account: string
    readonly serverUrl: string
    readonly error: HostedFailure
  }
  | { readonly _tag: "Refused"; readonly reason: string }
  | { readonly _tag: "StoreFailed"; readonly error: HostedFailure }

/**
 * Options of `createHostedSignIn`. Times are milliseconds.
 *
 * @since 0.1.0
 * @category options
 */
export interface CreateHostedSignInOptions {
  /**
   * Where browsers come back to: https, or http on this machine. It is sent to authorization servers to the letter.
   *
   * An authorization server that does not name itself in its answers (RFC 9207) can be taken for another one that shares the
   * redirect URI. Where people may sign in to servers that you do not trust, make those sign-ins with a redirect URI, and a
   * `HostedSignIn`, of their own (RFC 9700 section 4.4).
   */
  readonly redirectUri: string
  /**
   * Where sign-ins wait. All machines that answer at `redirectUri` share it; `"memory"` is for one process alone, whose
   * sign-ins end with it.
   */
  readonly store: PendingStore | "memory"
  /** Where credentials are stored: what `createMcpOAuth` is given as `store`, also afterwards, to use them. */
  readonly credentials: NonNullable<CreateMcpOAuthOptions["store"]>
  /**
   * The path of `redirectUri` as `handle` sees it, where a proxy or a router cuts something off.
   *
   * @default the path of `redirectUri`
   */
  readonly path?: string | undefined
  /**
   * Further values of the header `Host`, with a port where it is not the default one, where a proxy changes it. nginx
   * does by default: such requests are refused as `WrongHost`, with status 421.
   *
   * @default none beside the host of `redirectUri`
   */
  readonly hosts?: ReadonlyArray<string> | undefined
  /** How the server returns its answer. @default "query" */
  readonly responseMode?: "query" | "form_post" | undefined
  /** Origins of pages that may deliver the answer by `fetch` (CORS). @default none */
  readonly allowOrigins?: ReadonlyArray<string> | undefined
  /** What the browser shows in the end: other languages, another style, or a page of your own. @default English pages */
  readonly page?: PageOptions | undefined
  /** Sends every request: for proxies, private certificate authorities and tests. @default the runtime's `fetch` */
  readonly fetch?: FetchLike | undefined
  /**
   * Whether a request may be sent there: asked for the URL of the server, all that servers name, and each redirect. It takes
   * the place of the default.
   *
   * @default https to public addresses
   */
  readonly guard?: ((target: RequestTarget) => boolean | Promise<boolean>) | undefined
  /**
   * The addresses of a name.
   *
   * @default the system's, on Node, Deno and Bun; elsewhere a name is judged by itself
   */
  readonly resolve?: ((hostname: string) => Promise<ReadonlyArray<string>>) | undefined
  /** The time-limit of each request to a server, in milliseconds. @default 30000 */
  readonly requestTimeout?: number | undefined
  /**
   * Told what became of each request to the redirect URI. The page does not wait for it, and what it throws is ignored.
   *
   * @default nothing
   */
  readonly onOutcome?: ((outcome: HostedOutcome) => unknown) | undefined
  /** Closes it when the signal is aborted. @default none */
  readonly signal?: AbortSignal | undefined
}

/**
 * Which server to sign in to, for whom, and how. The options are those of `createMcpOAuth`: give it the same ones afterwards.
 *
 * @since 0.1.0
 * @category options
 */
export interface BeginSignInOptions extends Omit<ServerOptions<string>, "account" | "fetch" | "interactive"> {
  /** Whom the credentials belong to. Take it from your session, never from a request. */
  readonly account: string
  /** How long it waits for an answer, in milliseconds. @default 600000 */
  readonly timeout?: number | undefined
  /**
   * Whether only the browser that has the cookie of the result may bring the answer. Without it, a person can send the `url`
   * to another one, who follows it and agrees, and so signs the first person in with the rights of the second. Set it
   * wherever `url` is opened by the browser that asks for it; a link in a chat or a mail is opened by another one.
   *
   * @default false
   */
  readonly bindToBrowser?: boolean | undefined
  /** Ends the waiting. @default none */
  readonly signal?: AbortSignal | undefined
}

/**
 * A sign-in that waits in the store for its answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface BegunSignIn {
  /** Where to send the person's browser. It holds `state`: give it to nobody else, and write it to no log. */
  readonly url: URL
  /** How long the answer is waited for, in milliseconds since 1970-01-01 UTC. */
  readonly expiresAt: number
  /** The value of a `Set-Cookie` header for the response that sends the browser there; with `bindToBrowser` alone. */
  readonly cookie?: string
}

/**
 * Signs people in to MCP servers for an agent that is a web service, on one machine or many. It keeps nothing in memory.
 *
 * @since 0.1.0
 * @category models
 */
export interface HostedSignIn {
  /**
   * Begins a sign-in: finds out where, registers this program if that is needed, and stores what the answer needs. Rejects
   * with {@link HostedFailure}, or with the reason of an aborted signal.
   */
  begin(options: BeginSignInOptions): Promise<BegunSignIn>
  /**
   * Answers a request to the redirect URI, on any machine. What went wrong is on the page, and in `onOutcome`: it rejects only
   * with `_tag: "Closed"`, and with `_tag: "InvalidOptions"` where it is given no `Request` of the web platform, but one of
   * `node:http` or Express. The credentials are stored under the server and account of `begin`, where `createMcpOAuth` finds
   * them. It needs no `this`: hand it to a router.
   */
  readonly handle: (request: Request) => Promise<Response>
  /**
   * The `fetch` with the guard: for the option `fetch` of `createMcpOAuth`, so that requests to the server, and those that
   * refresh a token, are checked too. It rejects with `_tag: "TargetRefused"`.
   */
  readonly fetch: FetchLike
  /**
   * Ends it: a `begin` that is pending, and every call from now on, rejects with `_tag: "Closed"`. A request that is being
   * answered is answered, because it may have spent its code: that is waited for, for ten seconds at most. Sign-ins that wait
   * in a store of yours stay there, for other machines. It always resolves; a second time is fine.
   */
  close(): Promise<void>
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}
