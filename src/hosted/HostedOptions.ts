/**
 * The options of a hosted sign-in, and what it gives.
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { TargetRefused } from "../core/hosted/TargetRefused.ts"
import type { InvalidOptions } from "../core/InvalidOptions.ts"
import type { AuthorizationOptions } from "../core/mcp/AuthorizationOptions.ts"
import type { ClientOptions } from "../core/mcp/ClientOptions.ts"
import type { InvalidServerUrl } from "../core/mcp/ServerUrl.ts"
import type { DiscoveryError, RegistrationError, TokenError, UntrustedMetadata } from "../core/mcp/SignInError.ts"
import type { Unsafe } from "../core/mcp/Unsafe.ts"
import type { AuthorizationDenied, InvalidResponse } from "../core/oauth/FlowError.ts"
import type { HttpRefusalReason } from "../core/oauth/RefusalReason.ts"
import type { PageOptions } from "../core/page/PageOptions.ts"
import type { FetchLike } from "../mcp/FetchLike.ts"
import type { CredentialStoreError } from "../services/CredentialStore.ts"
import type { PendingStore, PendingStoreError } from "../services/PendingStore.ts"

/**
 * Where a request of a sign-in leads.
 *
 * @since 0.1.0
 * @category models
 */
export interface Target {
  /** The URL that is about to be requested. */
  readonly url: URL
  /** The addresses that the name of its host has, as far as this runtime can tell; an address itself where the host is one. */
  readonly addresses: ReadonlyArray<string>
}

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
    readonly error: HandleError
  }
  | { readonly _tag: "Refused"; readonly reason: HttpRefusalReason }
  | { readonly _tag: "StoreFailed"; readonly error: PendingStoreError }

/**
 * Why an answer did not sign a person in.
 *
 * @since 0.1.0
 * @category errors
 */
export type HandleError = AuthorizationDenied | CredentialStoreError | InvalidResponse | TargetRefused | TokenError

/**
 * Every way `begin` fails.
 *
 * @since 0.1.0
 * @category errors
 */
export type BeginError =
  | CredentialStoreError
  | DiscoveryError
  | InvalidOptions
  | InvalidServerUrl
  | PendingStoreError
  | RegistrationError
  | TargetRefused
  | TokenError
  | UntrustedMetadata

/**
 * Options of `HostedSignIn.make`.
 *
 * @since 0.1.0
 * @category options
 */
export interface HostedOptions {
  /**
   * Where browsers come back to: https, or http on this machine. It is sent to authorization servers to the letter.
   *
   * An authorization server that does not name itself in its answers (RFC 9207) can be taken for another one that shares the
   * redirect URI. Where people may sign in to servers that you do not trust, make those sign-ins with a redirect URI, and a
   * `HostedSignIn`, of their own (RFC 9700 section 4.4).
   */
  readonly redirectUri: string
  /** Where sign-ins wait. All machines that answer at `redirectUri` share it. */
  readonly store: PendingStore
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
  /** How answers come. @default "query" */
  readonly responseMode?: "query" | "form_post" | undefined
  /** Origins whose pages may deliver the answer by `fetch` (CORS). @default none */
  readonly allowOrigins?: ReadonlyArray<string> | undefined
  /** The pages. @default those of this package, in English */
  readonly page?: PageOptions | undefined
  /** Sends every request: for proxies, private certificate authorities, a pinned look-up of names. @default the runtime's */
  readonly fetch?: FetchLike | undefined
  /**
   * Whether a request may be sent there: asked for the URL of the server, all that servers name, and each redirect. It takes
   * the place of the default.
   *
   * @default https to public addresses (`HostedSignIn.isPublic`)
   */
  readonly guard?: ((target: Target) => boolean | PromiseLike<boolean>) | undefined
  /**
   * The addresses of a name.
   *
   * @default the system's, on Node, Deno and Bun; elsewhere a name is judged by itself
   */
  readonly resolve?: ((hostname: string) => PromiseLike<ReadonlyArray<string>>) | undefined
  /** The time-limit of each request to a server. @default "30 seconds" */
  readonly requestTimeout?: Duration.DurationInput | undefined
  /** Told what became of each request to the redirect URI. The page does not wait for it. @default nothing */
  readonly onOutcome?: ((outcome: HostedOutcome) => Effect.Effect<void>) | undefined
}

/**
 * Which server to sign in to, for whom, and how. The options are those of `McpOAuth.make`: give it the same ones afterwards.
 *
 * @since 0.1.0
 * @category options
 */
export interface BeginOptions extends AuthorizationOptions, ClientOptions<Redacted.Redacted<string>> {
  /** The URL of the MCP server: https, or http on this machine where `guard` allows that. */
  readonly serverUrl: string | URL
  /** Whom the credentials belong to: the option `account` of `McpOAuth.make`. Take it from your session, never from a request. */
  readonly account: string
  /** What the person signs in to, as the page names it. @default the host of `serverUrl` */
  readonly name?: string | undefined
  /** How long it waits for an answer. @default "10 minutes" */
  readonly timeout?: Duration.DurationInput | undefined
  /**
   * Whether only the browser that has the cookie of the result may bring the answer. Without it, a person can send the `url`
   * to another one, who follows it and agrees, and so signs the first person in with the rights of the second. Set it
   * wherever `url` is opened by the browser that asks for it; a link in a chat or a mail is opened by another one.
   *
   * @default false
   */
  readonly bindToBrowser?: boolean | undefined
  /** Checks that are waived for this server. @default none */
  readonly unsafe?: Unsafe | undefined
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
   * Begins a sign-in: finds out where, registers this program if that is needed, and stores what the answer needs. Fails with
   * {@link BeginError}.
   */
  readonly begin: (options: BeginOptions) => Effect.Effect<BegunSignIn, BeginError>
  /**
   * Answers a request to the redirect URI, on any machine. It never fails: what went wrong is on the page, and in `onOutcome`.
   * The credentials are stored under the server and account of `begin`, where `McpOAuth.make` finds them. What is no `Request`
   * of the web platform, such as that of `node:http` or Express, is a mistake of the program: a defect, which is an
   * `InvalidOptions` that says how to convert it.
   */
  readonly handle: (request: Request) => Effect.Effect<Response>
  /**
   * The `fetch` with the guard: for the option `fetch` of `McpOAuth.make`, so that requests to the server, and those that
   * refresh a token, are checked too. It rejects with `TargetRefused`.
   */
  readonly fetch: FetchLike
}
