/**
 * Signing in to one MCP server: a `fetch` for its transport, and what a program asks of the sign-in beside it.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import type { Unsafe } from "../core/mcp/Metadata.ts"
import * as ScopeSet from "../core/mcp/ScopeSet.ts"
import * as ServerUrl from "../core/mcp/ServerUrl.ts"
import { Closed, type McpConnectError } from "../core/mcp/SignInError.ts"
import type { PasteRefused } from "../core/oauth/Refusal.ts"
import { withoutSecrets } from "../core/text/SecretText.ts"
import type { CallbackFlow } from "../flow/CallbackFlow.ts"
import type { OpenOptions } from "../flow/OpenOptions.ts"
import { CredentialStore, type CredentialStoreError } from "../services/CredentialStore.ts"
import { PasteInput } from "../paste/PasteInput.ts"
import { Presenter } from "../services/Presenter.ts"
import type { FetchLike } from "./FetchLike.ts"
import * as BearerFetch from "./BearerFetch.ts"
import type { Environment, Services } from "./Environment.ts"
import type { OAuthClientProvider } from "./OAuthClientProvider.ts"
import { send } from "./OriginFetch.ts"
import { probe } from "./Probe.ts"
import * as Provider from "./Provider.ts"
import * as Session from "./Session.ts"
import type { Status } from "./Status.ts"

/** Every way a sign-in to an MCP server fails. */
export type McpOAuthError = ServerUrl.InvalidServerUrl | Session.SessionError

/** Options of `McpOAuth.make`. */
export interface McpOAuthOptions {
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
  /**
   * A registration made by hand; it goes before every other way. Without `issuer` it belongs to the first authorization
   * server it is used with.
   */
  readonly client?: {
    readonly clientId: string
    readonly clientSecret?: Redacted.Redacted<string> | undefined
    /** For servers that offer several ways and take one. @default what the server prefers */
    readonly authMethod?: "client_secret_basic" | "client_secret_post" | "none" | undefined
    readonly issuer?: string | undefined
  } | undefined
  /** Scopes to ask for beside those that the server asks for, separated by spaces. @default what the server knows */
  readonly scope?: string | undefined
  /** `false`: never a browser; what only a person can do fails with `InteractionRequired`. @default true */
  readonly interactive?: boolean | undefined
  /** For proxies, private certificate authorities and tests; MCP requests and sign-in requests. @default `fetch` */
  readonly fetch?: FetchLike | undefined
  /** Where the browser comes back to, and how long it may take. @default any free port, 5 minutes */
  readonly callback?: OpenOptions & { readonly timeout?: Duration.DurationInput | undefined } | undefined
  /** Time for each step between this program and the authorization server. @default "30 seconds" */
  readonly requestTimeout?: Duration.DurationInput | undefined
  /** Checks that are waived for this server. @default none */
  readonly unsafe?: Unsafe | undefined
  /** Waits until a sign-in may be put before the person. @default at once */
  readonly turn?: Effect.Effect<void, never, Scope.Scope> | undefined
}

/** The sign-in to one MCP server. */
export interface McpOAuth {
  /** Hand it to a transport as its `fetch`. It rejects with the errors of {@link McpOAuthError} themselves. */
  readonly fetch: FetchLike
  /** Signs in only where nothing stored can serve and the server wants a sign-in; joins one that runs. */
  readonly ensure: Effect.Effect<void, McpOAuthError>
  /** Signs in now, whatever is stored; joins a sign-in that runs. */
  readonly login: Effect.Effect<void, McpOAuthError>
  /**
   * Forgets what is stored, and has the server end the tokens where it offers that (RFC 7009). When the server cannot be
   * told it fails, and all is forgotten here nevertheless.
   */
  readonly logout: Effect.Effect<void, McpOAuthError>
  /** What is known, without a secret. */
  readonly status: Effect.Effect<Status, CredentialStoreError>
  /**
   * A new one each time, for one transport of SDK v1 or v2; it ends with the scope. Prefer `fetch`, which repeats a request
   * whose token was refused: with a provider the SDK fails it with `UnauthorizedError`, `ensure` waits for the new token, and
   * then the same transport goes on.
   */
  readonly provider: OAuthClientProvider
}

const defaultFetch: FetchLike = (url, init) => fetch(url, init)

const environment = (
  options: McpOAuthOptions,
  server: URL
): Effect.Effect<Environment, never, Services> =>
  Effect.gen(function* () {
    return {
      ...options,
      server,
      label: ServerUrl.display(server),
      serverName: options.name ?? server.host,
      key: { serverUrl: server.href, account: options.account },
      interactive: options.interactive !== false,
      fetch: options.fetch ?? defaultFetch,
      callback: options.callback ?? {},
      unsafe: options.unsafe ?? {},
      requestTimeout: Duration.decode(options.requestTimeout ?? "30 seconds"),
      services: yield* Effect.context<Services>(),
      store: yield* CredentialStore,
      presenter: yield* Presenter,
      closing: yield* Deferred.make<void>(),
      flows: new Set<CallbackFlow>(),
      warned: new Set<keyof Unsafe>()
    }
  })

const ensure = (env: Environment, session: Session.Session): Effect.Effect<void, Session.SessionError> =>
  Effect.gen(function* () {
    const token = yield* session.token({ keep: false, settled: true })
    if (token !== undefined && session.known() !== undefined) return
    const { challenge, isRefused } = yield* probe(env)
    if (isRefused) yield* session.attain({ _tag: "Renew", used: token, challenge }, { keep: false })
  })

const login = (session: Session.Session): Effect.Effect<void, Session.SessionError> =>
  Effect.flatMap(
    session.challenge,
    (challenge) => Effect.asVoid(session.attain({ _tag: "SignIn", challenge }, { keep: false }))
  )

const status = (env: Environment, session: Session.Session): Effect.Effect<Status, CredentialStoreError> =>
  Effect.zipWith(session.credentials, Clock.currentTimeMillis, (credentials, now) => {
    const { client, issuer, tokens } = Option.getOrUndefined(credentials) ?? {}
    const isRefreshable = tokens?.refreshToken !== undefined
    return {
      server: env.label,
      account: env.key.account ?? "",
      isSignedIn: tokens !== undefined && (isRefreshable || tokens.expiresAt === undefined || tokens.expiresAt > now),
      isSigningIn: session.isSigningIn(),
      issuer,
      clientId: client?.clientId,
      scopes: ScopeSet.parse(tokens?.scope),
      expiresAt: tokens?.expiresAt,
      isRefreshable
    }
  })

/** Runs effects as promises that reject with the error itself; a signal ends the wait with its reason. */
const runner = (env: Environment, runtime: Runtime.Runtime<never>) => {
  const run = Runtime.runPromiseExit(runtime)
  return async <A>(effect: Effect.Effect<A, Session.SessionError>, signal?: AbortSignal): Promise<A> => {
    signal?.throwIfAborted()
    // A runtime that was captured in an uninterruptible region would make the fiber uninterruptible too.
    const exit = await run(Effect.interruptible(effect), signal === undefined ? undefined : { signal })
    if (Exit.isSuccess(exit)) return exit.value
    signal?.throwIfAborted()
    if (Cause.isInterruptedOnly(exit.cause)) throw new Closed({ server: env.label })
    throw Cause.squash(exit.cause)
  }
}

/** A sign-in, and what only this package does with it. */
export interface Made {
  readonly oauth: McpOAuth
  /** Sends a request with the token there is, and takes the answer as it comes: for goodbyes. */
  readonly lastFetch: FetchLike
  /** Whether a person is waited for. */
  readonly isSigningIn: () => boolean
  /** Takes pasted text, also for a sign-in that reads none. */
  readonly submit: (text: string) => Effect.Effect<void, Closed | PasteRefused>
  /** Takes the tokens out of a text. */
  readonly clean: (text: string) => string
}

/** Makes a sign-in; see `McpOAuth.make`. */
export const makeWhole = (
  options: McpOAuthOptions
): Effect.Effect<Made, ServerUrl.InvalidServerUrl, Scope.Scope | Services> =>
  Effect.gen(function* () {
    const server = yield* ServerUrl.parse(options.serverUrl)
    const env = yield* environment(options, server)
    const session = yield* Session.make(env)
    const promise = runner(env, yield* Effect.runtime<never>())
    yield* Effect.addFinalizer(() => session.close)
    const assertOpen = () => {
      if (session.isClosed()) throw new Closed({ server: env.label })
    }
    const source: Provider.Source = {
      env,
      session,
      ensure: () => promise(ensure(env, session)),
      attain: (need) => promise(session.attain(need, { keep: true })),
      probe: (token) => promise(probe(env, token)),
      randomText: () => crypto.randomUUID(),
      assertOpen
    }
    const oauth: McpOAuth = {
      fetch: BearerFetch.make(env.fetch, server, {
        known: session.known,
        token: (signal) => promise(session.token({ keep: true, settled: false }), signal),
        attain: (need, signal) => promise(session.attain(need, { keep: true }), signal),
        accepted: session.accepted,
        helped: session.helped
      }),
      ensure: ensure(env, session),
      login: login(session),
      logout: session.logout,
      status: status(env, session),
      get provider() {
        return Provider.make(source)
      }
    }
    return {
      oauth,
      lastFetch: async (url, init = {}) => {
        assertOpen()
        return (await send(env.fetch, server.origin, new URL(url), init, session.known())).response
      },
      isSigningIn: session.isSigningIn,
      submit: (text) =>
        Effect.suspend((): Effect.Effect<void, Closed | PasteRefused> => {
          if (session.isClosed()) return new Closed({ server: env.label })
          const [flow] = env.flows
          const submit = Context.get(env.services, PasteInput).submit(text)
          if (flow === undefined) return submit
          // It may be for another sign-in of this program; what is wrong with it, this one knows best.
          return Effect.catchAll(flow.submit(text), (refused) => Effect.mapError(submit, () => refused))
        }),
      clean: (text) => withoutSecrets(text, session.secrets())
    }
  })

/** See `McpOAuth.make`. */
export const make = (
  options: McpOAuthOptions
): Effect.Effect<McpOAuth, ServerUrl.InvalidServerUrl, Scope.Scope | Services> =>
  Effect.map(makeWhole(options), ({ oauth }) => oauth)

/** Every way `McpOAuth.connect` fails. */
export type ConnectError = McpConnectError | McpOAuthError
