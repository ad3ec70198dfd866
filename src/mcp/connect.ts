/**
 * Connecting clients of the MCP SDK: signed in first, so that no time-limit of a request meets a person.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as ServerUrl from "../core/mcp/ServerUrl.ts"
import { McpConnectError, type SdkMissing } from "../core/mcp/SignInError.ts"
import { printable } from "../core/text/SafeText.ts"
import { firstOf } from "../effect/firstOf.ts"
import { forEachConcurrently } from "../effect/forEachConcurrently.ts"
import type { FetchLike } from "./FetchLike.ts"
import type { ConnectableClient, TransportLike } from "./ConnectableClient.ts"
import type { Services } from "./Environment.ts"
import {
  type ConnectError,
  type Made,
  makeWhole,
  type McpOAuth,
  type McpOAuthError,
  type McpOAuthOptions
} from "./McpOAuth.ts"
import * as Sdk from "./Sdk.ts"

/** Options of `McpOAuth.connect`. */
export interface ConnectOptions extends McpOAuthOptions {
  /**
   * Makes the transport; it has to send its requests through `fetch`. For SSE, and for clients of
   * `@modelcontextprotocol/client` that speak a newer protocol.
   *
   * @default StreamableHTTPClientTransport of `@modelcontextprotocol/sdk`
   */
  readonly transport?: ((url: URL, options: { readonly fetch: FetchLike }) => TransportLike) | undefined
}

/** A client that is connected, and the sign-in it uses. */
export interface Connected<Client> {
  readonly client: Client
  readonly oauth: McpOAuth
}

interface SdkTransport extends TransportLike {
  readonly terminateSession?: () => Promise<void>
}

const tags: ReadonlySet<string> = new Set<McpOAuthError["_tag"]>([
  "AuthorizationDenied",
  "AuthorizationTimeout",
  "BindError",
  "Closed",
  "CredentialStoreError",
  "DiscoveryError",
  "InteractionRequired",
  "InvalidAuthorizationUrl",
  "InvalidResponse",
  "InvalidServerUrl",
  "RegistrationError",
  "RevocationError",
  "SdkMissing",
  "TokenError",
  "UntrustedMetadata"
])

const isOwn = (error: unknown): error is McpOAuthError =>
  error instanceof Error && "_tag" in error && tags.has(String(error._tag))

/** An error of ours comes out of the SDK as it is, or as a cause. */
const ownError = (error: unknown): McpOAuthError | undefined => {
  // A chain of causes may be a ring.
  let each = error
  for (let depth = 0; depth < 10 && each instanceof Error; depth++, each = each.cause) if (isOwn(each)) return each
  return undefined
}

/** What the SDK says repeats what the server answered, and that could repeat a token it was sent. */
const toConnectError = (error: unknown, server: URL, clean: (text: string) => string): ConnectError => {
  const text = clean(error instanceof Error ? error.message : String(error))
  const detail = printable(text, 500).replace(/\.$/, "") || "the client gave no reason"
  return new McpConnectError({ server: ServerUrl.display(server), detail })
}

/** Seconds that a server may take to answer `initialize`: the SDK's own limit. */
const answerSeconds = 60

/** Fails when the server is silent for too long; the time that a person takes does not count. */
const silence = (server: URL, isSigningIn: () => boolean): Effect.Effect<never, McpConnectError> =>
  Effect.gen(function* () {
    for (let seconds = 0; seconds < answerSeconds; seconds++) {
      yield* Effect.sleep("1 second")
      if (isSigningIn()) seconds = 0
    }
    const detail = `it did not answer within ${answerSeconds} s`
    return yield* new McpConnectError({ server: ServerUrl.display(server), detail })
  })

/** The SDK's limit for `initialize`, should the server refuse a stored token only then. */
const connectTimeout = ({ callback }: ConnectOptions): number =>
  Duration.toMillis(Duration.decode(callback?.timeout ?? "5 minutes")) + 60_000

/** What the SDK or the caller's function threw, until it is known what it is. */
class Thrown {
  readonly _tag = "Thrown"
  readonly error: unknown
  constructor(error: unknown) {
    this.error = error
  }
}

const makeTransport = (
  { transport }: ConnectOptions,
  url: URL,
  fetch: FetchLike
): Effect.Effect<SdkTransport, SdkMissing | Thrown> =>
  transport !== undefined
    ? Effect.try({ try: () => transport(url, { fetch }), catch: (error) => new Thrown(error) })
    : Effect.map(Sdk.loadTransport, (Transport) => new Transport(url, { fetch }))

/**
 * Ends the server's session where the transport can, for 300 ms at most, then closes. A client that did not take the
 * transport, because it is connected elsewhere, stays as it is.
 */
const close = (client: ConnectableClient, transport: SdkTransport): Effect.Effect<void> =>
  Effect.tryPromise(async () => await transport.terminateSession?.()).pipe(
    // A finalizer is uninterruptible, and so would wait longer than the time-limit.
    Effect.interruptible,
    Effect.timeout("300 millis"),
    // Not `ignore`: whatever becomes of it, an interrupt too, the client is closed.
    Effect.exit,
    Effect.zipRight(
      Effect.ignore(
        Effect.tryPromise(() =>
          client.transport === undefined || client.transport === transport ? client.close() : transport.close()
        )
      )
    )
  )

/** A connection, and what only this package does with it. */
export interface ConnectedWhole<Client> {
  readonly client: Client
  readonly made: Made
}

const connecting = <Client extends ConnectableClient>(
  client: Client,
  options: ConnectOptions
): Effect.Effect<ConnectedWhole<Client>, ConnectError, Scope.Scope | Services> =>
  Effect.gen(function* () {
    const server = yield* ServerUrl.parse(options.serverUrl)
    const made = yield* makeWhole(options)
    const { clean, isSigningIn, lastFetch, oauth } = made
    yield* oauth.ensure
    let failed: McpOAuthError | undefined
    // An event source keeps no error of its `fetch`.
    const told = ({ error }: Thrown) => ownError(error) ?? failed ?? toConnectError(error, server, clean)
    // A goodbye signs nobody in.
    let isEnding = false
    const fetch: FetchLike = async (url, init) => {
      try {
        return await (isEnding ? lastFetch(url, init) : oauth.fetch(url, init))
      } catch (error) {
        failed = ownError(error)
        throw error
      }
    }
    const transport = yield* Effect.mapError(
      makeTransport(options, server, fetch),
      (error) => error._tag === "Thrown" ? told(error) : error
    )
    yield* Effect.addFinalizer(() => {
      isEnding = true
      return close(client, transport)
    })
    const connected = Effect.tryPromise({
      try: (signal) => client.connect(transport as never, { timeout: connectTimeout(options), signal } as never),
      catch: (error) => new Thrown(error)
    })
    yield* firstOf([Effect.mapError(connected, told), silence(server, isSigningIn)])
    return { client, made }
  })

/** Connects; see `McpOAuth.connect`. */
export const connectWhole = <Client extends ConnectableClient>(
  client: Client,
  options: ConnectOptions
): Effect.Effect<ConnectedWhole<Client>, ConnectError, Scope.Scope | Services> =>
  // A scope of its own: when it fails half-way, nothing stays behind in the caller's scope.
  Effect.flatMap(Effect.scope, (outer) =>
    Effect.flatMap(Scope.fork(outer, ExecutionStrategy.sequential), (scope) =>
      Effect.onError(
        Scope.extend(connecting(client, options), scope),
        (cause) =>
          Scope.close(scope, Exit.failCause(cause))
      )))

/** See `McpOAuth.connect`. */
export const connect = <Client extends ConnectableClient>(
  client: Client,
  options: ConnectOptions
): Effect.Effect<Connected<Client>, ConnectError, Scope.Scope | Services> =>
  Effect.map(connectWhole(client, options), ({ made: { oauth } }) => ({ client, oauth }))

/** A client, and the server it is for. */
export interface ServerToConnect extends Omit<ConnectOptions, "client"> {
  readonly client: ConnectableClient
  /** A registration made by hand: what `connect` and `make` call `client`. */
  readonly registration?: McpOAuthOptions["client"]
}

/** How `McpOAuth.connectAll` goes about it. */
export interface ConnectAllOptions {
  /** How many servers are connected to at once. @default "unbounded" */
  readonly concurrency?: number | "unbounded" | undefined
  /**
   * `"one-at-a-time"` opens one browser tab after the other: every URL is told and works from the beginning, and the
   * clock of a sign-in starts when its turn comes. `"all"` opens all tabs at once.
   *
   * @default "one-at-a-time"
   */
  readonly present?: "one-at-a-time" | "all" | undefined
}

/** What became of each server, under its name. */
export type ConnectedAll<Servers extends Readonly<Record<string, ServerToConnect>>> = {
  readonly [Name in keyof Servers]: Either.Either<Connected<Servers[Name]["client"]>, ConnectError>
}

/** A turn that only one has at a time, in the order they ask. */
export const takeTurns = (): Effect.Effect<void, never, Scope.Scope> => {
  const turns = Effect.unsafeMakeSemaphore(1)
  return Effect.uninterruptibleMask((restore) =>
    Effect.zipRight(restore(turns.take(1)), Effect.addFinalizer(() => turns.release(1)))
  )
}

/** See `McpOAuth.connectAll`. */
export const connectAll = <const Servers extends Readonly<Record<string, ServerToConnect>>>(
  servers: Servers,
  { concurrency = "unbounded", present = "one-at-a-time" }: ConnectAllOptions = {}
): Effect.Effect<ConnectedAll<Servers>, never, Scope.Scope | Services> =>
  Effect.suspend(() => {
    const turn = present === "all" ? undefined : takeTurns()
    const connected = forEachConcurrently(
      Object.entries(servers),
      concurrency,
      ([name, { client, registration, ...options }]) =>
        Effect.map(
          Effect.either(
            connect(client, {
              ...options,
              name: options.name ?? name,
              turn: options.turn ?? turn,
              client: registration
            })
          ),
          (result) => [name, result] as const
        )
    )
    return Effect.map(connected, (results) => Object.fromEntries(results) as ConnectedAll<Servers>)
  })
