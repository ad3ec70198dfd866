/** `McpOAuth.connect` with the clients and transports of both SDKs, against real MCP servers. */
import { assert, describe, it } from "@effect/vitest"
import {
  Client as ClientV2,
  SSEClientTransport as SseTransportV2,
  StreamableHTTPClientTransport as TransportV2
} from "@modelcontextprotocol/client"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js"
import type { RequestOptions } from "@modelcontextprotocol/sdk/shared/protocol.js"
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js"
import { Effect, Either, Exit, Fiber, Redacted, Scope } from "effect"
import { inspect } from "node:util"
import {
  type ConnectableClient,
  type Connected,
  type ConnectError,
  type ConnectOptions,
  type FetchLike,
  McpOAuth
} from "../../src/mcp.ts"
import { pause, until } from "../fixtures/Harness.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import * as McpServer from "../fixtures/McpServer.ts"
import type * as ProtectedServer from "../fixtures/ProtectedServer.ts"
import * as ScriptedAuthorizationServer from "../fixtures/ScriptedAuthorizationServer.ts"
import * as SseMcpServer from "../fixtures/SseMcpServer.ts"

const info = { name: "test", version: "1.0.0" }

/** A client whose type is nobody else's. */
class NotesClient extends Client {
  readonly notes = "mine"
}

/** What a recording `fetch` keeps of a request. */
interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Headers
  /** The method of the JSON-RPC message. */
  readonly rpc: string | undefined
  /** It has no token. */
  readonly isBare: boolean
  status: number | undefined
}

const rpcOf = (body: unknown): string | undefined => {
  try {
    return typeof body === "string" ? JSON.parse(body).method : undefined
  } catch {
    return undefined
  }
}

/** A `fetch` that keeps what was sent; `before` runs ahead of each request. */
const recording = (before: (sent: Sent) => Promise<void> | void = () => {}) => {
  const sent: Array<Sent> = []
  const record: FetchLike = async (url, init) => {
    const one: Sent = {
      method: init?.method ?? "GET",
      path: new URL(url).pathname,
      headers: new Headers(init?.headers),
      isBare: !new Headers(init?.headers).has("authorization"),
      rpc: rpcOf(init?.body),
      status: undefined
    }
    sent.push(one)
    await before(one)
    const response = await fetch(url, init)
    one.status = response.status
    return response
  }
  return { sent, fetch: record }
}

type MakeServer = (
  options: McpServer.Options
) => Effect.Effect<McpServer.McpServer, unknown, Scope.Scope>

/** An MCP server, who signs people in to it, and a person. */
const world = (make: MakeServer = McpServer.make) =>
  Effect.gen(function* () {
    const harness = yield* McpHarness.make
    const authorizationServer = yield* ScriptedAuthorizationServer.make()
    const server = yield* Effect.orDie(make({ name: "notes", authorizationServer }))
    return { ...harness, authorizationServer, server }
  })

/** Connects in a scope of its own. */
const connectIn = <C extends ConnectableClient>(
  { layer }: Pick<McpHarness.McpHarness, "layer">,
  client: C,
  options: ConnectOptions
): Effect.Effect<Connected<C> & { readonly close: Effect.Effect<void> }, ConnectError, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.acquireRelease(Scope.make(), (made) => Scope.close(made, Exit.void))
    const connected = yield* McpOAuth.connect(client, options).pipe(Scope.extend(scope), Effect.provide(layer))
    return { ...connected, close: Scope.close(scope, Exit.void) }
  })

interface Caller {
  callTool(request: { readonly name: string }): Promise<unknown>
}

const textOf = (result: unknown): string => {
  const { content } = result as { readonly content: ReadonlyArray<{ readonly text: string }> }
  return content[0]?.text ?? ""
}

const whoami = (client: Caller): Effect.Effect<string> =>
  Effect.promise(async () => textOf(await client.callTool({ name: "whoami" })))

/** The same, and its error instead of a defect. */
const tryWhoami = (client: Caller): Effect.Effect<string, Error> =>
  Effect.tryPromise({
    try: async () => textOf(await client.callTool({ name: "whoami" })),
    catch: (error) => error as Error
  })

/** How many finalizers a scope has. Effect tells nobody; a test below sees that this is where they are. */
const finalizersOf = (scope: Scope.CloseableScope): number =>
  (scope as unknown as { readonly state: { readonly finalizers: ReadonlyMap<unknown, unknown> } }).state.finalizers.size

describe("McpOAuth.connect", () => {
  it.scopedLive("signs in before anything of MCP is said, connects, and gives the client back in its own type", () =>
    Effect.gen(function* () {
      const { layer, server, windows } = yield* world()
      const { fetch, sent } = recording()
      const own = new NotesClient(info)
      const { client, oauth } = yield* McpOAuth.connect(own, { serverUrl: server.url, fetch }).pipe(
        Effect.provide(layer)
      )
      const typed: NotesClient = client
      assert.strictEqual(typed, own)
      assert.strictEqual(client.notes, "mine")
      assert.strictEqual(yield* whoami(client), "person at notes")
      assert.strictEqual(windows(), 1)
      assert.isTrue((yield* oauth.status).isSignedIn)
      // One initialize, with the token: the SDK's limit for it began when the person was done.
      const initializes = sent.filter(({ rpc }) => rpc === "initialize")
      assert.deepStrictEqual(initializes.map(({ status }) => status), [200])
      assert.isFalse(initializes[0]?.isBare)
      // One question without a token came before it.
      assert.deepStrictEqual(sent.filter(({ status }) => status === 401).map((one) => sent.indexOf(one)), [0])
    }))

  it.scopedLive("closes the client and its session on the server with the scope", () =>
    Effect.gen(function* () {
      const world_ = yield* world()
      const { authorizationServer, server, store } = world_
      const { fetch: recorded, sent } = recording()
      let closed = 0
      const own = new Client(info)
      own.onclose = () => void closed++
      const { client, close, oauth } = yield* connectIn(world_, own, { serverUrl: server.url, fetch: recorded })
      yield* whoami(client)
      const session = sent.find(({ headers }) => headers.has("mcp-session-id"))?.headers.get("mcp-session-id") ?? ""
      assert.notStrictEqual(session, "")
      const token = McpHarness.accessTokenOf(store.peek(server.url))
      const ask = () =>
        fetch(server.url, {
          method: "POST",
          headers: {
            authorization: `Bearer ${token}`,
            accept: "application/json, text/event-stream",
            "content-type": "application/json",
            "mcp-protocol-version": "2025-06-18",
            "mcp-session-id": session
          },
          body: JSON.stringify({ jsonrpc: "2.0", id: 9, method: "ping" })
        }).then(async (response) => {
          await response.body?.cancel()
          return response.status
        })
      assert.strictEqual(yield* Effect.promise(ask), 200)
      assert.strictEqual(closed, 0)
      yield* close
      assert.strictEqual(closed, 1)
      assert.isUndefined(client.transport)
      assert.deepStrictEqual(sent.filter(({ method }) => method === "DELETE").map(({ status }) => status), [200])
      // The token is as good as before, and the session is not there any more.
      assert.strictEqual(yield* Effect.promise(ask), 404)
      assert.isDefined(yield* Effect.promise(() => authorizationServer.verify(token ?? "", server.url)))
      const after = yield* McpHarness.call(oauth, server.url)
      assert.strictEqual(McpHarness.word(after), "Closed")
    }))

  it.scopedLive("waits for no server that does not answer the end of the session", () =>
    Effect.gen(function* () {
      const world_ = yield* world()
      let closed = 0
      const client = new Client(info)
      client.onclose = () => void closed++
      const { fetch, sent } = recording(({ method }) => method === "DELETE" ? new Promise<void>(() => {}) : undefined)
      const { close } = yield* connectIn(world_, client, { serverUrl: world_.server.url, fetch })
      const started = Date.now()
      yield* close
      assert.isBelow(Date.now() - started, 5000)
      assert.strictEqual(closed, 1)
      assert.strictEqual(sent.filter(({ method }) => method === "DELETE").length, 1)
    }))

  it.scopedLive("uses what is stored, and opens no window for it", () =>
    Effect.gen(function* () {
      const world_ = yield* world()
      const { authorizationServer, server, windows } = world_
      const first = yield* connectIn(world_, new Client(info), { serverUrl: server.url })
      yield* first.close
      const second = yield* connectIn(world_, new Client(info), { serverUrl: server.url, interactive: false })
      assert.strictEqual(yield* whoami(second.client), "person at notes")
      assert.strictEqual(windows(), 1)
      assert.strictEqual(authorizationServer.windows(), 1)
    }))

  describe("when it fails half-way", () => {
    it.scopedLive("leaves nothing in the caller's scope", () =>
      Effect.gen(function* () {
        const { authorizationServer, layer, open, server, windows } = yield* McpHarness.world()
        const real = yield* McpServer.make({ name: "notes", authorizationServer })
        const scope = yield* Effect.acquireRelease(Scope.make(), (made) => Scope.close(made, Exit.void))
        const connect = (client: Client, options: ConnectOptions) =>
          McpOAuth.connect(client, options).pipe(Scope.extend(scope), Effect.provide(layer))
        yield* connect(new Client(info), { serverUrl: real.url })
        const held = finalizersOf(scope)
        assert.isAbove(held, 0)
        const seen: { fetch?: FetchLike; closed: number } = { closed: 0 }
        const client = new Client(info)
        // The answer of this server to `initialize` is no answer to it.
        const failed = yield* Effect.flip(connect(client, {
          serverUrl: server.url,
          transport: (url, { fetch }) => {
            seen.fetch = fetch
            const transport = new TransportV2(url, { fetch })
            const close = transport.close.bind(transport)
            return Object.assign(transport, {
              close: () => {
                seen.closed++
                return close()
              }
            })
          }
        }))
        assert.strictEqual(failed._tag, "McpConnectError")
        assert.strictEqual(finalizersOf(scope), held)
        assert.isAtLeast(seen.closed, 1)
        assert.isUndefined(client.transport)
        const { fetch } = seen
        assert(fetch !== undefined)
        assert.strictEqual(McpHarness.word(yield* McpHarness.call({ fetch }, server.url)), "Closed")
        // What the person did is not lost.
        assert.strictEqual(windows(), 2)
        const { oauth } = yield* open()
        yield* oauth.ensure
        assert.strictEqual(windows(), 2)
      }))

    it.scopedLive("ends the sign-in when it is interrupted, and binds nothing any more", () =>
      Effect.gen(function* () {
        const world_ = yield* world()
        const { layer, person, server, shown, untilShown, waiting } = world_
        person.mode = "waits"
        const scope = yield* Effect.acquireRelease(Scope.make(), (made) => Scope.close(made, Exit.void))
        const client = new Client(info)
        const fiber = yield* Effect.fork(
          McpOAuth.connect(client, { serverUrl: server.url }).pipe(Scope.extend(scope), Effect.provide(layer))
        )
        yield* untilShown(1)
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(waiting(), 0)
        assert.strictEqual(finalizersOf(scope), 0)
        assert.isUndefined(client.transport)
        const [pending] = shown
        assert(pending !== undefined)
        const refused = yield* Effect.promise(() => fetch(pending.redirectUri).then(() => false, () => true))
        assert.isTrue(refused)
      }))

    it.scopedLive("gives up an initialize that hangs when it is interrupted", () =>
      Effect.gen(function* () {
        const { layer, server, signedIn } = yield* McpHarness.world()
        yield* signedIn
        server.fail("resource", "hang", { times: Number.POSITIVE_INFINITY })
        const client = new Client(info)
        let closed = 0
        client.onclose = () => void closed++
        const fiber = yield* Effect.fork(
          Effect.scoped(McpOAuth.connect(client, { serverUrl: server.url })).pipe(Effect.provide(layer))
        )
        yield* until(() => server.requests.some(({ text }) => text.includes('"initialize"')))
        const started = Date.now()
        const exit = yield* Fiber.interrupt(fiber)
        assert.isTrue(Exit.isInterrupted(exit))
        assert.isBelow(Date.now() - started, 5000)
        assert.strictEqual(closed, 1)
      }))
  })

  describe("fails", () => {
    it.scopedLive("with the tagged errors of the sign-in as they are", () =>
      Effect.gen(function* () {
        const { authorizationServer, layer, person, server } = yield* world()
        const fail = (options: Partial<ConnectOptions>) =>
          Effect.flip(
            McpOAuth.connect(new Client(info), { serverUrl: server.url, ...options }).pipe(Effect.provide(layer))
          )
        assert.strictEqual((yield* fail({ serverUrl: "ftp://127.0.0.1/mcp" }))._tag, "InvalidServerUrl")
        assert.strictEqual((yield* fail({ interactive: false }))._tag, "InteractionRequired")
        person.mode = "denies"
        authorizationServer.knobs.authorize = { error: "access_denied" }
        const denied = yield* fail({})
        assert.strictEqual(denied._tag, "AuthorizationDenied")
        authorizationServer.knobs.authorize = "approve"
        person.mode = "waits"
        assert.strictEqual((yield* fail({ callback: { timeout: "50 millis" } }))._tag, "AuthorizationTimeout")
        const unreachable = () => Promise.reject(new TypeError("fetch failed"))
        assert.strictEqual((yield* fail({ fetch: unreachable }))._tag, "DiscoveryError")
      }))

    it.scopedLive("before anything is asked, where it is given no client", () =>
      Effect.gen(function* () {
        const { authorizationServer, layer, server } = yield* world()
        const one = { serverUrl: server.url, client: Client as unknown as Client }
        const error = yield* Effect.flip(McpOAuth.connect(one.client, one as never).pipe(Effect.provide(layer)))
        const all = yield* McpOAuth.connectAll({ one }).pipe(Effect.provide(layer))
        for (const failed of [error, Either.isLeft(all.one) && all.one.left]) {
          assert.deepInclude({ ...failed }, { _tag: "InvalidOptions", option: "client" })
        }
        assert.deepStrictEqual(authorizationServer.requests, [])
      }))

    for (
      const [name, make] of [
        ["v1", () => new Client(info)],
        ["v2", () => new ClientV2(info)]
      ] as const
    ) {
      for (const own of [false, true]) {
        const transport = own
          ? { transport: (url: URL, { fetch }: { readonly fetch: FetchLike }) => new TransportV2(url, { fetch }) }
          : {}
        const how = `a client of SDK ${name} on ${own ? "the transport of v2" : "the default transport"}`
        it.scopedLive(`with an error of ours that comes through initialize of ${how}`, () =>
          Effect.gen(function* () {
            const world_ = yield* world()
            const { authorizationServer, layer, server } = world_
            const first = yield* connectIn(world_, new Client(info), { serverUrl: server.url })
            yield* first.close
            authorizationServer.revokeAll()
            const connect = McpOAuth.connect(make(), { serverUrl: server.url, interactive: false, ...transport })
            const failed = yield* Effect.flip(connect.pipe(Effect.provide(layer)))
            assert.strictEqual(failed._tag, "InteractionRequired")
            assert.propertyVal(failed, "reason", "Rejected")
          }))

        it.scopedLive(`with McpConnectError and without the token when the server repeats it to ${how}`, () =>
          Effect.gen(function* () {
            const { layer, server, stored } = yield* McpHarness.world()
            server.knobs.answer = ({ headers, method }) =>
              method === "POST" ? { status: 400, body: `no good: ${headers.authorization}` } : { status: 405 }
            const failed = yield* Effect.flip(
              McpOAuth.connect(make(), { serverUrl: `${server.url}?key=hidden`, ...transport }).pipe(
                Effect.provide(layer)
              )
            )
            assert.strictEqual(failed._tag, "McpConnectError")
            assert.include(failed.message, "no good")
            assert.isUndefined(stored())
            for (const text of [String(failed), JSON.stringify(failed), inspect(failed, { depth: 9 }), failed.stack]) {
              assert.notMatch(text ?? "", /access\.[0-9a-f]{8}/)
              assert.notInclude(text ?? "", "hidden")
            }
          }))
      }
    }

    it.scopedLive("with McpConnectError, and no defect, when the function for the transport throws", () =>
      Effect.gen(function* () {
        const { layer, server } = yield* world()
        const exit = yield* Effect.exit(
          McpOAuth.connect(new Client(info), {
            serverUrl: server.url,
            transport: () => {
              throw new Error("no transport today")
            }
          }).pipe(Effect.provide(layer))
        )
        const failure = Exit.match(exit, {
          onSuccess: () => undefined,
          onFailure: (cause) => cause._tag === "Fail" ? cause.error : cause
        })
        assert.propertyVal(failure, "_tag", "McpConnectError")
        assert.include(String(failure), "no transport today")
      }))

    it.scopedLive("without harm to a connection that the client has already", () =>
      Effect.gen(function* () {
        const world_ = yield* world()
        const { authorizationServer, layer, server } = world_
        const other = yield* McpServer.make({ name: "other", authorizationServer })
        const { client } = yield* connectIn(world_, new Client(info), { serverUrl: server.url })
        const failed = yield* Effect.flip(
          McpOAuth.connect(client, { serverUrl: other.url }).pipe(Effect.provide(layer))
        )
        assert.strictEqual(failed._tag, "McpConnectError")
        assert.strictEqual(yield* whoami(client), "person at notes")
      }))
  })

  describe("with a client of SDK v2", () => {
    for (const own of [false, true]) {
      it.scopedLive(`signs in, calls tools and signs in again, on ${own ? "its own" : "the default"} transport`, () =>
        Effect.gen(function* () {
          const world_ = yield* world()
          const { authorizationServer, server, windows } = world_
          const { fetch, sent } = recording()
          const { client, close } = yield* connectIn(world_, new ClientV2(info), {
            serverUrl: server.url,
            fetch,
            ...(own && { transport: (url, { fetch }) => new TransportV2(url, { fetch }) })
          })
          const typed: ClientV2 = client
          assert.strictEqual(yield* whoami(typed), "person at notes")
          authorizationServer.expireAll()
          assert.strictEqual(yield* whoami(client), "person at notes")
          assert.deepStrictEqual([windows(), authorizationServer.refreshes()], [1, 1])
          authorizationServer.revokeAll()
          assert.strictEqual(yield* whoami(client), "person at notes")
          assert.strictEqual(windows(), 2)
          yield* close
          assert.deepStrictEqual(sent.filter(({ method }) => method === "DELETE").map(({ status }) => status), [200])
          assert.isUndefined(client.transport)
        }))
    }

    it.scopedLive("that asks for the newer protocol first: the person is done before it asks", () =>
      Effect.gen(function* () {
        const { layer, server, windows } = yield* world()
        const { fetch, sent } = recording()
        const client = new ClientV2(info, { versionNegotiation: { mode: "auto" } })
        yield* McpOAuth.connect(client, {
          serverUrl: server.url,
          fetch
        }).pipe(Effect.provide(layer))
        assert.strictEqual(yield* whoami(client), "person at notes")
        const said = sent.filter(({ isBare, path }) => path === "/mcp" && !isBare)
        assert.strictEqual(said[0]?.rpc, "server/discover")
        // Only the transport of SDK v2 sends this header, which servers of the newer protocol insist on.
        assert.strictEqual(said[0]?.headers.get("mcp-method"), "server/discover")
        assert.include(said.map(({ rpc }) => rpc), "initialize")
        // One question without a token came before it, and no other.
        assert.strictEqual(sent.filter(({ isBare, path }) => path === "/mcp" && isBare).length, 1)
        assert.strictEqual(windows(), 1)
      }))
  })

  describe("over SSE", () => {
    for (
      const [name, connect] of [
        [
          "v1",
          (world_: McpHarness.McpHarness, serverUrl: string, fetch: FetchLike) =>
            connectIn(world_, new Client(info), {
              serverUrl,
              fetch,
              transport: (url, { fetch }) => new SSEClientTransport(url, { fetch })
            })
        ],
        [
          "v2",
          (world_: McpHarness.McpHarness, serverUrl: string, fetch: FetchLike) =>
            connectIn(world_, new ClientV2(info), {
              serverUrl,
              fetch,
              transport: (url, { fetch }) => new SseTransportV2(url, { fetch })
            })
        ]
      ] as const
    ) {
      it.scopedLive(`signs in at connect, and again while the stream is open, with SDK ${name}`, () =>
        Effect.gen(function* () {
          const world_ = yield* world(SseMcpServer.make)
          const { authorizationServer, server, windows } = world_
          const { fetch, sent } = recording()
          const { client, close } = yield* connect(world_, server.url, fetch)
          let errors = 0
          client.onerror = () => void errors++
          assert.strictEqual(yield* whoami(client), "person at notes")
          assert.strictEqual(windows(), 1)
          authorizationServer.expireAll()
          assert.strictEqual(yield* whoami(client), "person at notes")
          assert.deepStrictEqual([windows(), authorizationServer.refreshes()], [1, 1])
          authorizationServer.revokeAll()
          const answers = yield* Effect.all([whoami(client), whoami(client), whoami(client)], {
            concurrency: "unbounded"
          })
          assert.deepStrictEqual(answers, ["person at notes", "person at notes", "person at notes"])
          assert.strictEqual(windows(), 2)
          assert.strictEqual(errors, 0)
          // The stream is the first one, of the first token.
          const streams = sent.filter(({ method, path, status }) =>
            method === "GET" && path === "/sse" && status === 200
          )
          assert.strictEqual(streams.length, 1)
          yield* close
          assert.isUndefined(client.transport)
        }))
    }

    const silent: Readonly<
      Record<string, (serverUrl: string) => Effect.Effect<unknown, ConnectError, Scope.Scope | McpHarness.Services>>
    > = {
      v1: (serverUrl) =>
        McpOAuth.connect(new Client(info), {
          serverUrl,
          interactive: false,
          transport: (url, { fetch }) => new SSEClientTransport(url, { fetch })
        }),
      v2: (serverUrl) =>
        McpOAuth.connect(new ClientV2(info), {
          serverUrl,
          interactive: false,
          transport: (url, { fetch }) => new SseTransportV2(url, { fetch })
        })
    }
    for (const [name, connect] of Object.entries(silent)) {
      it.scopedLive(`an error of ours comes out as itself, though the event source drops it (SDK ${name})`, () =>
        Effect.gen(function* () {
          const { authorizationServer, layer, server } = yield* world(SseMcpServer.make)
          const signIn = McpOAuth.connect(new Client(info), {
            serverUrl: server.url,
            transport: (url, { fetch }) => new SSEClientTransport(url, { fetch })
          })
          yield* Effect.scoped(signIn).pipe(Effect.provide(layer))
          authorizationServer.revokeAll()
          const failed = yield* Effect.flip(connect(server.url).pipe(Effect.provide(layer)))
          assert.strictEqual(failed._tag, "InteractionRequired")
        }))
    }

    it.scopedLive("a stored token that is refused when the stream is opened is refreshed", () =>
      Effect.gen(function* () {
        const world_ = yield* world(SseMcpServer.make)
        const { authorizationServer, server, windows } = world_
        const options: ConnectOptions = {
          serverUrl: server.url,
          transport: (url, { fetch }) => new SSEClientTransport(url, { fetch })
        }
        const first = yield* connectIn(world_, new Client(info), options)
        yield* first.close
        authorizationServer.expireAll()
        const { client } = yield* connectIn(world_, new Client(info), options)
        assert.strictEqual(yield* whoami(client), "person at notes")
        assert.deepStrictEqual([windows(), authorizationServer.refreshes()], [1, 1])
      }))
  })

  describe("while the session lasts", () => {
    it.scopedLive("parallel calls and the background stream share one refresh and no window", () =>
      Effect.gen(function* () {
        const world_ = yield* world()
        const { authorizationServer, server, windows } = world_
        // The token ends when the client opens its background stream.
        const { fetch, sent } = recording(({ headers, method, path }) => {
          const isStream = method === "GET" && path === "/mcp" && headers.get("accept") === "text/event-stream"
          if (isStream && sent.filter((one) => one.method === "GET" && one.path === "/mcp").length === 1) {
            authorizationServer.expireAll()
          }
        })
        const { client } = yield* connectIn(world_, new Client(info), { serverUrl: server.url, fetch })
        let errors = 0
        client.onerror = () => void errors++
        const answers = yield* Effect.all(Array.from({ length: 5 }, () => whoami(client)), { concurrency: "unbounded" })
        assert.deepStrictEqual(new Set(answers), new Set(["person at notes"]))
        yield* until(() => sent.filter(({ method, path }) => method === "GET" && path === "/mcp").length >= 2)
        yield* until(() =>
          sent.some(({ method, path, status }) => method === "GET" && path === "/mcp" && status === 200)
        )
        assert.deepStrictEqual([windows(), authorizationServer.refreshes(), errors], [1, 1, 0])
        assert.strictEqual(authorizationServer.reuses(), 0)
      }))

    it.scopedLive("a background stream that is refused opens no second window beside the one of a call", () =>
      Effect.gen(function* () {
        const world_ = yield* world()
        const { authorizationServer, person, server, untilShown, windows } = world_
        const { fetch, sent } = recording(({ method, path }) => {
          if (method === "GET" && path === "/mcp" && windows() === 1) authorizationServer.revokeAll()
        })
        const { client } = yield* connectIn(world_, new Client(info), { serverUrl: server.url, fetch })
        person.mode = "waits"
        const fiber = yield* Effect.fork(whoami(client))
        yield* untilShown(2)
        const more = yield* Effect.fork(whoami(client))
        yield* pause(100)
        assert.strictEqual(windows(), 2)
        yield* world_.answer
        assert.strictEqual(yield* Fiber.join(fiber), "person at notes")
        assert.strictEqual(yield* Fiber.join(more), "person at notes")
        yield* until(() =>
          sent.some(({ method, path, status }) => method === "GET" && path === "/mcp" && status === 200)
        )
        assert.strictEqual(windows(), 2)
        assert.strictEqual(authorizationServer.windows(), 2)
      }))

    it.scopedLive("a call that reaches the SDK's limit while the person signs in opens no second window", () =>
      Effect.gen(function* () {
        const world_ = yield* world()
        const { authorizationServer, person, server, untilShown, windows } = world_
        const { client } = yield* connectIn(world_, new Client(info), { serverUrl: server.url })
        person.mode = "waits"
        authorizationServer.revokeAll()
        // Then the SDK sends `notifications/cancelled`, which is refused as well.
        const failed = yield* Effect.promise(() =>
          client.callTool({ name: "whoami" }, undefined, { timeout: 100 }).then(() => undefined, (error) => error)
        )
        assert.propertyVal(failed, "code", -32001)
        yield* untilShown(2)
        yield* pause(100)
        assert.strictEqual(windows(), 2)
        yield* world_.answer
        assert.strictEqual(yield* whoami(client), "person at notes")
        assert.strictEqual(windows(), 2)
      }))
  })

  describe("the SDK's limit for a request", () => {
    /** Ends `initialize` after 1.5 s, whatever it is told. */
    class HastyClient extends Client {
      override connect(transport: Transport, options?: RequestOptions): Promise<void> {
        return super.connect(transport, { ...options, timeout: 1500 })
      }
    }

    it.scopedLive("meets no person: the sign-in is over before initialize", () =>
      Effect.gen(function* () {
        const { answer, layer, person, server, untilShown } = yield* world()
        person.mode = "waits"
        const fiber = yield* Effect.fork(
          McpOAuth.connect(new HastyClient(info), { serverUrl: server.url }).pipe(Effect.provide(layer))
        )
        yield* untilShown(1)
        yield* pause(1800)
        yield* answer
        const { client } = yield* Fiber.join(fiber)
        assert.strictEqual(yield* whoami(client), "person at notes")
      }))

    it.scopedLive("is longer than the sign-in's where the server refuses a stored token only then", () =>
      Effect.gen(function* () {
        const { layer, server, signedIn } = yield* McpHarness.world()
        yield* signedIn
        const limits: Array<unknown> = []
        let signal: unknown
        const stub = {
          connect: (_transport: never, options?: { readonly timeout: number; readonly signal: AbortSignal }) => {
            limits.push(options?.timeout)
            signal = options?.signal
            return Promise.resolve()
          },
          close: () => Promise.resolve()
        }
        const connect = (options: Partial<ConnectOptions>) =>
          Effect.scoped(McpOAuth.connect(stub as ConnectableClient, { serverUrl: server.url, ...options })).pipe(
            Effect.provide(layer)
          )
        yield* connect({})
        yield* connect({ callback: { timeout: "10 minutes" } })
        // The SDK gives its limit to `setTimeout`, which takes what is longer than 25 days for nothing.
        yield* connect({ callback: { timeout: "25 days" } })
        yield* connect({ callback: { timeout: Infinity } })
        assert.deepStrictEqual(limits, [360_000, 660_000, 2 ** 31 - 1, 2 ** 31 - 1])
        assert.instanceOf(signal, AbortSignal)
      }))

    it.scopedLive("a stored token that is refused at initialize: refreshed without a window, else one sign-in", () =>
      Effect.gen(function* () {
        const world_ = yield* world()
        const { answer, authorizationServer, layer, person, server, untilShown, windows } = world_
        const again = Effect.gen(function* () {
          const { client, close } = yield* connectIn(world_, new Client(info), { serverUrl: server.url })
          assert.strictEqual(yield* whoami(client), "person at notes")
          yield* close
        })
        yield* again
        authorizationServer.expireAll()
        yield* again
        assert.deepStrictEqual([windows(), authorizationServer.refreshes()], [1, 1])
        authorizationServer.revokeAll()
        yield* again
        assert.strictEqual(windows(), 2)
        // A client with a limit of its own fails; the sign-in goes with it, and nothing stays open.
        authorizationServer.revokeAll()
        person.mode = "waits"
        const failed = yield* Effect.fork(Effect.flip(
          Effect.scoped(McpOAuth.connect(new HastyClient(info), { serverUrl: server.url })).pipe(Effect.provide(layer))
        ))
        yield* untilShown(3)
        assert.strictEqual((yield* Fiber.join(failed))._tag, "McpConnectError")
        assert.strictEqual(world_.waiting(), 0)
        yield* answer
        assert.strictEqual(windows(), 3)
      }))
  })

  it.scopedLive("made as a resource, where nothing may be interrupted, a request can be aborted all the same", () =>
    Effect.gen(function* () {
      const { answer, layer, person, server, untilShown, windows } = yield* world()
      person.mode = "waits"
      const oauth = yield* Effect.uninterruptible(McpOAuth.make({ serverUrl: server.url })).pipe(Effect.provide(layer))
      const aborter = new AbortController()
      const reason = new Error("enough")
      const call = yield* Effect.fork(
        Effect.promise(() =>
          oauth.fetch(server.url, { signal: aborter.signal }).then(() => undefined, (error: unknown) => error)
        )
      )
      yield* untilShown(1)
      aborter.abort(reason)
      assert.strictEqual(yield* Effect.timeout(Fiber.join(call), "5 seconds"), reason)
      // The person goes on, and was not there in vain.
      yield* answer
      yield* oauth.ensure
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("a call after the scope is closed fails, and opens nothing", () =>
    Effect.gen(function* () {
      const world_ = yield* world()
      const { authorizationServer, server, windows } = world_
      const { client, close } = yield* connectIn(world_, new Client(info), { serverUrl: server.url })
      authorizationServer.revokeAll()
      yield* close
      yield* Effect.flip(tryWhoami(client))
      yield* pause(50)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("a rotated token is not told either when the server repeats an older one", () =>
    Effect.gen(function* () {
      const { authorizationServer, layer, server, signedIn, stored } = yield* McpHarness.world()
      yield* signedIn
      const old = McpHarness.accessTokenOf(stored()) ?? ""
      authorizationServer.expireAll()
      server.knobs.answer = () => ({ status: 400, body: `instead of ${old}` })
      const failed = yield* Effect.flip(
        McpOAuth.connect(new Client(info), { serverUrl: server.url }).pipe(Effect.provide(layer))
      )
      assert.strictEqual(failed._tag, "McpConnectError")
      assert.notInclude(inspect(failed), old)
      assert.notInclude(inspect(failed), Redacted.value(stored()?.tokens?.accessToken ?? Redacted.make("none")))
    }))
})

/** A server of another kind gives a plain reason. */
describe("McpConnectError", () => {
  it.scopedLive("says what the client said, in one printable line", () =>
    Effect.gen(function* () {
      const { layer, server } = yield* McpHarness.world()
      server.knobs.answer = (): ProtectedServer.Answer => ({
        status: 418,
        headers: { "content-type": "text/plain" },
        body: "tea\u001b[31m\npot"
      })
      const failed = yield* Effect.flip(
        McpOAuth.connect(new Client(info), { serverUrl: server.url }).pipe(Effect.provide(layer))
      )
      assert.strictEqual(failed._tag, "McpConnectError")
      assert.notMatch(failed.message, /[\n\u001b]/)
      assert.include(failed.message, "pot")
      assert.match(failed.message, /^Cannot connect to http:\/\/127\.0\.0\.1:\d+\/mcp: .*\. Check the URL/)
    }))
})
