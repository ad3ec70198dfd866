/**
 * Connecting clients of the MCP SDK. It signs in before it connects, so that no time-limit of the SDK ends a sign-in.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import * as ClientCheck from "../core/mcp/ClientCheck.ts"
import * as ClientFault from "../core/mcp/ClientFault.ts"
import * as ServerUrl from "../core/mcp/ServerUrl.ts"
import { McpConnectError, type SdkMissing } from "../core/mcp/SignInError.ts"
import { InvalidOptions } from "../core/InvalidOptions.ts"
import { SessionBudget } from "../core/ReleaseBudget.ts"
import { allOrNothing } from "../effect/allOrNothing.ts"
import { atMost } from "../effect/atMost.ts"
import { firstOf } from "../effect/firstOf.ts"
import { forEachConcurrently } from "../effect/forEachConcurrently.ts"
import * as OneAtATime from "../effect/OneAtATime.ts"
import { timeLimit } from "../effect/timeLimit.ts"
import type { PasteInput } from "../paste/PasteInput.ts"
import type { CallbackServer } from "../server/CallbackServer.ts"
import type { Presenter } from "../services/Presenter.ts"
import type { CredentialStore } from "../store/CredentialStore.ts"
import type { ConnectableClient, PresentOptions, TransportLike, TransportOptions } from "./ConnectableClient.ts"
import type { Services } from "./Environment.ts"
import type { SignedInFetch } from "./FetchLike.ts"
import {
  type ConnectError,
  type InternalMcpOAuth,
  makeInternal,
  type McpOAuth,
  type McpOAuthOptions
} from "./McpOAuth.ts"
import { isUnknown } from "./Probe.ts"
import * as Sdk from "./Sdk.ts"

/**
 * Options of `McpOAuth.connect`.
 *
 * @since 0.1.0
 * @category options
 */
export interface ConnectOptions<out R = never> extends McpOAuthOptions<R>, TransportOptions {}

/**
 * A client that is connected, and the sign-in that it uses.
 *
 * @since 0.1.0
 * @category models
 */
export interface Connected<Client> {
  /** The client that was passed, connected. */
  readonly client: Client
  /** The sign-in whose `fetch` the client uses. */
  readonly oauth: McpOAuth
}

interface SdkTransport extends TransportLike {
  readonly terminateSession?: () => Promise<void>
}

/** Turns what the client or the caller's function threw into a `ConnectError`. */
type ToConnectError = (error: unknown) => ConnectError

/**
 * How errors of one connection are told apart.
 *
 * @param lastError The error that `fetch` last rejected with: an event source drops the error of its `fetch`.
 */
const toConnectError =
  ({ isOwnError, secrets }: InternalMcpOAuth, server: URL, lastError: () => unknown): ToConnectError => (thrown) => {
    // The SDK may put an error of `fetch` into the `cause` of its own. A chain of causes may be circular.
    let each = thrown
    for (let depth = 0; depth < 10 && each instanceof Error; depth++, each = each.cause) {
      if (isOwnError(each)) return each
    }
    const last = lastError()
    if (isOwnError(last)) return last
    // The message of the SDK quotes the response, which may quote a token.
    return new McpConnectError({ server: ServerUrl.display(server), ...ClientFault.of(thrown, last, secrets()) })
  }

/** How many seconds a server may take to answer `initialize`: as long as the SDK waits by default. */
const answerSeconds = 60

/** Fails when the server does not answer in time. The time in which a person signs in does not count. */
const noAnswer = (server: URL, isSigningIn: () => boolean): Effect.Effect<never, McpConnectError> =>
  Effect.gen(function* () {
    for (let seconds = 0; seconds < answerSeconds; seconds++) {
      yield* timeLimit("1 second")
      if (isSigningIn()) seconds = 0
    }
    const detail = `it did not answer within ${answerSeconds} s`
    return yield* new McpConnectError({ server: ServerUrl.display(server), detail })
  })

/** The longest wait of `setTimeout`, in milliseconds: 25 days. It takes a longer one for none. */
const longestTimer = 2 ** 31 - 1

/** The SDK's own time-limit for `initialize`, in milliseconds: a sign-in may begin in it, if the token is refused then. */
const sdkTimeout = ({ callback }: ConnectOptions<unknown>): number =>
  Math.min(Duration.toMillis(Duration.decode(callback?.timeout ?? "5 minutes")) + 60_000, longestTimer)

/** How the transport is made. Fails where no SDK is there: before a person is asked to sign in. */
const transportMaker = (
  client: ConnectableClient,
  { transport }: TransportOptions
): Effect.Effect<(url: URL, options: { readonly fetch: SignedInFetch }) => SdkTransport, SdkMissing> =>
  transport !== undefined
    ? Effect.succeed(transport)
    : Effect.map(Sdk.loadTransport(client), (Transport) => (url, options) => new Transport(url, options))

/**
 * Ends the server's session where the transport can, then closes the client. A client that did not take the transport,
 * because it is connected elsewhere, stays as it is.
 */
const close = (client: ConnectableClient, transport: SdkTransport): Effect.Effect<void> => {
  const goodbye = Effect.tryPromise(async () => await transport.terminateSession?.())
  const closing = Effect.tryPromise(() =>
    client.transport === undefined || client.transport === transport ? client.close() : transport.close()
  )
  // The client is closed whatever becomes of the goodbye, also when that is interrupted.
  return Effect.ensuring(
    atMost(SessionBudget.goodbye, Effect.ignore(goodbye)),
    atMost(SessionBudget.client, Effect.ignore(closing))
  )
}

/** A connected client, with what only the modules of this package use of its sign-in. */
export interface InternalConnected<Client> {
  readonly client: Client
  readonly internal: InternalMcpOAuth
}

const signInAndConnect = <Client extends ConnectableClient, R>(
  client: Client,
  options: ConnectOptions<R>
): Effect.Effect<InternalConnected<Client>, ConnectError, R | Scope.Scope | Services> =>
  Effect.gen(function* () {
    const problem = ClientCheck.problemOf(client)
    if (problem !== undefined) return yield* new InvalidOptions({ option: "client", detail: problem })
    const server = yield* ServerUrl.parse(options.serverUrl)
    const internal = yield* makeInternal(options)
    const { fetchWithoutSignIn, isSigningIn, oauth } = internal
    const makeTransport = yield* transportMaker(client, options)
    // Where the server has no answer to a request that it does not know, `initialize` tells whether it wants a token.
    const label = ServerUrl.display(server)
    yield* Effect.catchIf(oauth.ensure, (error) => isUnknown({ label }, error), () => Effect.void)
    let lastError: unknown
    let isClosing = false
    const fetch: SignedInFetch = async (input, init) => {
      try {
        return await (isClosing ? fetchWithoutSignIn(input, init) : oauth.fetch(input, init))
      } catch (error) {
        lastError = error
        throw error
      }
    }
    const toError = toConnectError(internal, server, () => lastError)
    const transport = yield* Effect.try({ try: () => makeTransport(server, { fetch }), catch: toError })
    yield* Effect.addFinalizer(() => {
      isClosing = true
      return close(client, transport)
    })
    const connected = Effect.tryPromise({
      try: (signal) => client.connect(transport as never, { timeout: sdkTimeout(options), signal } as never),
      catch: toError
    })
    yield* firstOf([connected, noAnswer(server, isSigningIn)])
    return { client, internal }
  })

/** Connects; see `McpOAuth.connect`. */
export const connectInternal = <Client extends ConnectableClient, R = never>(
  client: Client,
  options: ConnectOptions<R>
): Effect.Effect<InternalConnected<Client>, ConnectError, R | Scope.Scope | Services> =>
  allOrNothing(signInAndConnect(client, options))

/** See `McpOAuth.connect`. */
export const connect = <Client extends ConnectableClient, R = never>(
  client: Client,
  options: ConnectOptions<R>
): Effect.Effect<Connected<Client>, ConnectError, R | Scope.Scope | Services> =>
  Effect.map(connectInternal(client, options), ({ internal: { oauth } }) => ({ client, oauth }))

/**
 * A client, and the server to connect it to.
 *
 * @since 0.1.0
 * @category options
 */
export interface ServerToConnect<out Client extends ConnectableClient = ConnectableClient, out R = never>
  extends Omit<ConnectOptions<R>, "client"> {
  /** The client of the MCP SDK. */
  readonly client: Client
  /** A client that was registered by hand: what `connect` and `make` call `client`. @default none */
  readonly registration?: McpOAuthOptions["client"]
}

/**
 * Options of `McpOAuth.connectAll` for all servers together.
 *
 * @since 0.1.0
 * @category options
 */
export interface ConnectAllOptions extends PresentOptions {
  /** How many servers are connected to at the same time. @default "unbounded" */
  readonly concurrency?: number | "unbounded" | undefined
}

/**
 * For each server, under its name: the connected client, or why it could not be connected.
 *
 * @since 0.1.0
 * @category models
 */
export type ConnectedAll<Servers extends Readonly<Record<string, Pick<ServerToConnect, "client">>>> = {
  readonly [Name in keyof Servers]: Either.Either<Connected<Servers[Name]["client"]>, ConnectError>
}

/** Makes an option `turn`: one sign-in has its turn at a time, in the order in which they ask for it. */
export const takeTurns = (): Effect.Effect<void, never, Scope.Scope> => OneAtATime.make().turn

/**
 * The servers of clients of these types. A type of its own for each name, so that the compiler refuses options that there
 * are none of, which it does not in a type that it infers.
 *
 * @since 0.1.0
 * @category options
 */
export type ServersToConnect<Clients extends Readonly<Record<string, ConnectableClient>>, R = never> = {
  readonly [Name in keyof Clients]: ServerToConnect<Clients[Name], R>
}

/**
 * The type of `McpOAuth.connectAll`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectAll {
  <Clients extends Readonly<Record<string, ConnectableClient>>, R = never>(
    // `R` is inferred from the second type: from a mapped type, only what it maps is.
    servers: ServersToConnect<Clients, R> & Readonly<Record<string, ServerToConnect<ConnectableClient, R>>>,
    options?: ConnectAllOptions
  ): Effect.Effect<
    ConnectedAll<ServersToConnect<Clients>>,
    never,
    R | Scope.Scope | CallbackServer | CredentialStore | PasteInput | Presenter
  >
}

/** See `McpOAuth.connectAll`. */
export const connectAll: ConnectAll = <Clients extends Readonly<Record<string, ConnectableClient>>, R = never>(
  servers: Readonly<Record<string, ServerToConnect<ConnectableClient, R>>>,
  { concurrency = "unbounded", present = "one-at-a-time" }: ConnectAllOptions = {}
) =>
  Effect.suspend(() => {
    const turn = present === "all" ? undefined : takeTurns()
    const connected = forEachConcurrently(
      Object.entries<ServerToConnect<ConnectableClient, R>>(servers),
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
    return Effect.map(connected, (results) => Object.fromEntries(results) as ConnectedAll<ServersToConnect<Clients>>)
  })
