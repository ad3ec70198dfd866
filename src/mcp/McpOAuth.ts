/**
 * The sign-in to one MCP server: a `fetch` for its transport, and what a program does with the sign-in itself.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import * as AuthorizationChoice from "../core/mcp/AuthorizationChoice.ts"
import * as ClientChoice from "../core/mcp/ClientChoice.ts"
import { Closed } from "../core/mcp/Closed.ts"
import type { InvalidOptions } from "../core/InvalidOptions.ts"
import * as ServerUrl from "../core/mcp/ServerUrl.ts"
import type {
  DiscoveryError,
  InteractionRequired,
  McpConnectError,
  RegistrationError,
  RevocationError,
  SdkMissing,
  TokenError,
  UntrustedMetadata
} from "../core/mcp/SignInError.ts"
import type { Unsafe } from "../core/mcp/Unsafe.ts"
import type { BindError } from "../core/oauth/BindError.ts"
import type { FlowError } from "../core/oauth/FlowError.ts"
import type { PasteRefused } from "../core/oauth/Refusal.ts"
import type { CallbackFlow } from "../flow/CallbackFlow.ts"
import type { OpenOptions } from "../flow/OpenOptions.ts"
import { CredentialStore, type CredentialStoreError } from "../services/CredentialStore.ts"
import { PasteInput } from "../paste/PasteInputTag.ts"
import { naming, Presenter } from "../services/Presenter.ts"
import type { FetchLike, SignedInFetch } from "./FetchLike.ts"
import * as BearerFetch from "./BearerFetch.ts"
import type { Environment, Services } from "./Environment.ts"
import type { OAuthClientProvider } from "./OAuthClientProvider.ts"
import { send } from "./OriginFetch.ts"
import { probe } from "./Probe.ts"
import * as PromiseRunner from "./PromiseRunner.ts"
import * as Provider from "./Provider.ts"
import { readInput } from "./readInput.ts"
import type { ServerOptions } from "./ServerOptions.ts"
import * as Session from "./Session.ts"
import type { Status } from "./Status.ts"
import { statusOf } from "./statusOf.ts"
import * as Unanswered from "./Unanswered.ts"

/**
 * Every way a sign-in to an MCP server fails.
 *
 * @since 0.1.0
 * @category errors
 */
export type McpOAuthError =
  | BindError
  | Closed
  | CredentialStoreError
  | DiscoveryError
  | FlowError
  | InteractionRequired
  | InvalidOptions
  | RegistrationError
  | RevocationError
  | ServerUrl.InvalidServerUrl
  | TokenError
  | UntrustedMetadata

/**
 * Every way `McpOAuth.connect` fails.
 *
 * @since 0.1.0
 * @category errors
 */
export type ConnectError = McpConnectError | McpOAuthError | SdkMissing

/**
 * Options of `McpOAuth.make`.
 *
 * @typeParam R What `turn` needs beside its scope, and `callback.redirectUri`, where that is an effect. Where they need
 * different things, write both as the type argument: `McpOAuth.make<Screen | Tunnel>({ … })`.
 *
 * @since 0.1.0
 * @category options
 */
export interface McpOAuthOptions<out R = never> extends ServerOptions<Redacted.Redacted<string>> {
  /**
   * Where the browser comes back to, and the time-limit from showing the URL to the accepted response.
   *
   * A client made by hand, and one of `clientMetadataUrl`, uses the ports that are named here and no other: servers know
   * these. All sign-ins of this user share a port. When a stranger's program has it, the person pastes the answer, unless
   * `onPortBusy` is `"fail"` or `paste` is false: then it is a `BindError` of reason `PortInUse`.
   *
   * @default any free port of 127.0.0.1, and 5 minutes
   */
  readonly callback?: OpenOptions<R> & { readonly timeout?: Duration.DurationInput | undefined } | undefined
  /**
   * The time-limit of each step between this program and the authorization server. What spends a code or a refresh token
   * goes on after it, for up to a minute, and its tokens are kept.
   *
   * @default "30 seconds"
   */
  readonly requestTimeout?: Duration.DurationInput | undefined
  /** Waits until a sign-in may be shown to the person; the turn ends when the scope closes. @default no wait */
  readonly turn?: Effect.Effect<void, never, Scope.Scope | R> | undefined
}

/** The sign-in to one MCP server. */
export interface McpOAuth {
  /**
   * The `fetch` for a transport: it adds the access token, refreshes it, signs in and asks for more scopes. It rejects
   * with the errors of {@link McpOAuthError} themselves. A person who was asked in vain is not asked again by a request:
   * it rejects with `InteractionRequired` until `ensure` or `login` is run, or ten minutes have passed.
   *
   * It takes a `Request` too, whose body is read once, and kept until the answer is there. What the `fetch` of the options
   * rejects with comes through as it is.
   *
   * A request that waits for its answer when the sign-in is closed rejects with `Closed`. An answer that has
   * begun is the caller's, and its body goes on. What was sent ends when the server answers, or with your `signal`.
   */
  readonly fetch: SignedInFetch
  /**
   * Signs in, unless there is a valid token or the server needs none. If a sign-in is under way, it waits for that one.
   * Fails with {@link McpOAuthError}.
   */
  readonly ensure: Effect.Effect<void, McpOAuthError>
  /**
   * Signs in now, whatever is stored. If a sign-in is under way, it waits for that one. Fails with {@link McpOAuthError}.
   */
  readonly login: Effect.Effect<void, McpOAuthError>
  /**
   * Forgets the credentials, then revokes the tokens where the server offers that (RFC 7009). Fails with
   * `RevocationError`, `DiscoveryError` or `UntrustedMetadata` when the tokens could not be revoked, with
   * `CredentialStoreError` when the credentials could not be forgotten, and with `Closed`.
   */
  readonly logout: Effect.Effect<void, McpOAuthError>
  /** What is known about the sign-in, without secrets. Fails when the store cannot be read. */
  readonly status: Effect.Effect<Status, CredentialStoreError>
  /**
   * An `authProvider` for one transport of SDK v1 or v2, a new one each time it is read. Prefer `fetch`: it repeats a
   * request whose token was refused, where the SDK fails with `UnauthorizedError`. After that error `ensure` waits for the
   * new token, and then the same transport can be used again.
   */
  readonly provider: OAuthClientProvider
}

const defaultFetch: FetchLike = (url, init) => fetch(url, init)

/** The options with what their effects need: a sign-in runs in the fiber that needs it first. */
const provided = <R>(
  { callback = {}, turn, ...options }: McpOAuthOptions<R>,
  context: Context.Context<R>
): McpOAuthOptions => {
  const { redirectUri, ...others } = callback
  const provide = (uri: string | Effect.Effect<string, BindError, R>) =>
    Effect.isEffect(uri) ? Effect.provide(uri, context) : uri
  return {
    ...options,
    callback: { ...others, ...(redirectUri !== undefined && { redirectUri: (port) => provide(redirectUri(port)) }) },
    // Its scope is that of the turn, and not the one that the sign-in was made in.
    turn: turn &&
      Effect.flatMap(Effect.scope, (scope) => Effect.provide(turn, Context.add(context, Scope.Scope, scope)))
  }
}

/** The span of a sign-in is a child of the caller's, and not of the span in which `make` ran. */
const withoutSpan = <R>(context: Context.Context<R>): Context.Context<R> =>
  Context.omit(Tracer.ParentSpan)(context as Context.Context<R | Tracer.ParentSpan>) as Context.Context<R>

const environment = (
  options: McpOAuthOptions,
  server: URL
): Effect.Effect<Environment, InvalidOptions, Services> =>
  Effect.gen(function* () {
    const unsafe = options.unsafe ?? {}
    const choice = yield* AuthorizationChoice.check(options)
    yield* ClientChoice.check(options)
    const variant = AuthorizationChoice.variantOf(choice, unsafe)
    const serverName = options.name ?? server.host
    const presenter = naming(yield* Presenter, serverName)
    return {
      ...options,
      ...choice,
      server,
      label: ServerUrl.display(server),
      serverName,
      key: { serverUrl: server.href, account: options.account, ...(variant !== undefined && { variant }) },
      interactive: options.interactive !== false,
      fetch: options.fetch ?? defaultFetch,
      callback: options.callback ?? {},
      unsafe,
      requestTimeout: Duration.decode(options.requestTimeout ?? "30 seconds"),
      services: Context.add(withoutSpan(yield* Effect.context<Services>()), Presenter, presenter),
      store: yield* CredentialStore,
      presenter,
      closing: yield* Deferred.make<void>(),
      flows: new Set<CallbackFlow>(),
      warned: new Set<keyof Unsafe>()
    }
  })

const ensure = (env: Environment, session: Session.Session): Effect.Effect<void, Session.SessionError> =>
  Effect.gen(function* () {
    const token = yield* session.token({ keep: false, settled: true })
    if (token !== undefined && session.knownToken() !== undefined) return
    const { challenge, isRefused } = yield* probe(env)
    if (isRefused) yield* session.obtain({ _tag: "Renew", used: token, challenge }, { keep: false })
  })

const login = (session: Session.Session): Effect.Effect<void, Session.SessionError> =>
  Effect.flatMap(
    session.challenge,
    (challenge) => Effect.asVoid(session.obtain({ _tag: "SignIn", challenge }, { keep: false }))
  )

const status = (env: Environment, session: Session.Session): Effect.Effect<Status, Closed | CredentialStoreError> =>
  Effect.zipWith(
    session.newestCredentials,
    Clock.currentTimeMillis,
    (credentials, now) => statusOf(env, session.isSigningIn(), Option.getOrElse(credentials, () => ({})), now)
  )

/** A sign-in, with what only the modules of this package use of it. */
export interface InternalMcpOAuth {
  readonly oauth: McpOAuth
  /** The same as that of `oauth`, but it fails with `Closed` when the sign-in is closed before it ends. */
  readonly status: Effect.Effect<Status, Closed | CredentialStoreError>
  /** Sends a request with the token there is, and never signs in: for requests that close a connection. */
  readonly fetchWithoutSignIn: SignedInFetch
  /** Whether a sign-in with a person is under way. */
  readonly isSigningIn: () => boolean
  /** Whether `oauth.fetch` rejected with this error. */
  readonly isOwnError: (error: unknown) => error is Session.SessionError
  /** Takes pasted text, also where the sign-in reads none. */
  readonly submit: (text: string) => Effect.Effect<void, Closed | PasteRefused>
  /** Tokens in the clear, to be cut out of what a client says. */
  readonly secrets: () => ReadonlyArray<string>
}

/** Pastes text into the sign-in of this program that it is for. */
const submit = (env: Environment, text: string): Effect.Effect<void, PasteRefused> => {
  const submitToAll = Context.get(env.services, PasteInput).submit(text)
  // One that reads no text is not among them. If the text is for none, that one can best say what is wrong with it.
  const [flow] = env.callback.paste === false ? env.flows : []
  return flow === undefined
    ? submitToAll
    : Effect.catchAll(flow.submit(text), (refused) => Effect.mapError(submitToAll, () => refused))
}

/** Makes a sign-in; see `McpOAuth.make`. */
export const makeInternal = <R = never>(
  options: McpOAuthOptions<R>
): Effect.Effect<InternalMcpOAuth, InvalidOptions | ServerUrl.InvalidServerUrl, R | Scope.Scope | Services> =>
  Effect.gen(function* () {
    const server = yield* ServerUrl.parse(options.serverUrl)
    const env = yield* environment(provided(options, withoutSpan(yield* Effect.context<R>())), server)
    const session = yield* Session.make(env)
    const runner = PromiseRunner.make(env.label, yield* Effect.runtime<never>())
    const run = <A>(effect: Effect.Effect<A, Session.SessionError>, signal?: AbortSignal) =>
      runner.run(session.untilClosed(effect), signal)
    const asHost = (effect: Effect.Effect<void, Session.SessionError>) =>
      Effect.zipRight(Effect.sync(session.hostAsked), session.untilClosed(effect))
    const unanswered = Unanswered.make()
    yield* Effect.addFinalizer(() => Effect.zipRight(Effect.sync(() => unanswered.end(runner.closed())), session.close))
    const assertOpen = () => {
      if (session.isClosed()) throw new Closed({ server: env.label })
    }
    const source: Provider.Source = {
      env,
      session,
      ensure: () => run(ensure(env, session)),
      obtain: (need) => run(session.obtain(need, { keep: true })),
      probe: (token) => run(probe(env, token)),
      assertOpen
    }
    const signedInFetch = BearerFetch.make(env.fetch, server, {
      usableToken: session.usableToken,
      token: (signal) => run(session.token({ keep: true, settled: false }), signal),
      obtain: (need, signal) => run(session.obtain(need, { keep: true }), signal),
      tokenAccepted: session.tokenAccepted,
      scopesSufficed: session.scopesSufficed
    })
    return {
      oauth: {
        fetch: (input, init) => unanswered.answer(signedInFetch(input, init)),
        ensure: asHost(ensure(env, session)),
        login: asHost(login(session)),
        logout: session.logout,
        status: Effect.catchTag(status(env, session), "Closed", () => Effect.interrupt),
        get provider() {
          return Provider.make(source)
        }
      },
      status: status(env, session),
      fetchWithoutSignIn: async (input, init) => {
        assertOpen()
        const { init: options, url } = readInput(input, init ?? {})
        return (await send(env.fetch, server.origin, url, options, session.knownToken())).response
      },
      isSigningIn: session.isSigningIn,
      isOwnError: runner.isOwnError,
      submit: (text) =>
        Effect.suspend((): Effect.Effect<void, Closed | PasteRefused> =>
          session.isClosed() ? new Closed({ server: env.label }) : submit(env, text)
        ),
      secrets: session.secrets
    }
  })

/** See `McpOAuth.make`. */
export const make = <R = never>(
  options: McpOAuthOptions<R>
): Effect.Effect<McpOAuth, InvalidOptions | ServerUrl.InvalidServerUrl, R | Scope.Scope | Services> =>
  Effect.map(makeInternal(options), ({ oauth }) => oauth)
