/** `McpOAuth.connectAll`: many servers at once, and one person. */
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from "@modelcontextprotocol/client"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js"
import { Effect, Either, Exit, Fiber, Redacted, Scope, TestClock } from "effect"
import { type Notice, Presenter } from "../../src/index.ts"
import {
  type Connected,
  type ConnectedAll,
  type ConnectError,
  McpOAuth,
  type McpOAuthOptions,
  type ServerToConnect
} from "../../src/mcp.ts"
import { pause, until } from "../fixtures/Harness.ts"
import * as LoopbackHttp from "../fixtures/LoopbackHttp.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import * as McpServer from "../fixtures/McpServer.ts"
import * as ScriptedAuthorizationServer from "../fixtures/ScriptedAuthorizationServer.ts"
import * as SseMcpServer from "../fixtures/SseMcpServer.ts"
import * as StandInBrowser from "../fixtures/StandInBrowser.ts"

const info = { name: "test", version: "1.0.0" }

const newClient = () => new Client(info)

/** A client whose type is nobody else's. */
class NotesClient extends Client {
  readonly notes = "mine"
}

type Queued = Extract<Notice, { readonly _tag: "SignInQueued" }>["pending"]

/** MCP servers of one authorization server, a person, and how many windows are open at a time. */
const world = (count: number, knobs: ScriptedAuthorizationServer.Options = {}) =>
  Effect.gen(function* () {
    const harness = yield* McpHarness.make
    const authorizationServer = yield* ScriptedAuthorizationServer.make(knobs)
    const servers = yield* Effect.forEach(
      Array.from({ length: count }, (_, index) => `server-${index}`),
      (name) => McpServer.make({ name, authorizationServer })
    )
    let open = 0
    let most = 0
    const counted = Effect.map(Presenter, (inner): Presenter => ({
      notice: inner.notice,
      show: (pending) =>
        Effect.zipRight(
          Effect.acquireRelease(
            Effect.sync(() => {
              open++
              most = Math.max(most, open)
            }),
            () => Effect.sync(() => open--)
          ),
          inner.show(pending)
        )
    }))
    return {
      ...harness,
      authorizationServer,
      servers,
      /** Runs with the harness and the count. */
      run: <A, E>(
        effect: Effect.Effect<A, E, McpHarness.Services | Scope.Scope>
      ): Effect.Effect<A, E, Scope.Scope> =>
        Effect.flatMap(counted, (presenter) => Effect.provideService(effect, Presenter, presenter)).pipe(
          Effect.provide(harness.layer)
        ),
      mostOpen: () => most,
      queued: (): ReadonlyArray<Queued> =>
        harness.notices.flatMap((notice) => notice._tag === "SignInQueued" ? [notice.pending] : [])
    }
  })

/** A client of SDK v1 for each server, under its name. */
const plain = (
  servers: ReadonlyArray<McpServer.McpServer>,
  options: Partial<Omit<ServerToConnect, "client">> = {}
): Readonly<Record<string, { readonly client: Client; readonly serverUrl: string }>> =>
  Object.fromEntries(
    servers.map(({ name, url }) => [name, { ...options, client: newClient(), serverUrl: url }])
  )

interface Caller {
  callTool(request: { readonly name: string }): Promise<unknown>
}

const whoami = (client: Caller): Effect.Effect<string> =>
  Effect.promise(async () => {
    const { content } = await client.callTool({ name: "whoami" }) as {
      readonly content: ReadonlyArray<{ readonly text: string }>
    }
    return content[0]?.text ?? ""
  })

/** How each ended: what its tool says, or the tag of its error. */
const outcomes = (
  results: Readonly<Record<string, Either.Either<Connected<Caller>, ConnectError>>>
): Effect.Effect<Readonly<Record<string, string>>> =>
  Effect.map(
    Effect.forEach(
      Object.entries(results),
      ([name, result]) =>
        Effect.map(
          Either.isLeft(result) ? Effect.succeed(result.left._tag) : whoami(result.right.client),
          (text) => [name, text] as const
        )
    ),
    Object.fromEntries
  )

const good = (servers: ReadonlyArray<McpServer.McpServer>): Readonly<Record<string, string>> =>
  Object.fromEntries(servers.map(({ name }) => [name, `person at ${name}`]))

const visit = (url: URL): Effect.Effect<number | undefined> =>
  Effect.orDie(Effect.map(StandInBrowser.make().visit(url, { follow: true }), ({ page }) => page?.status))

const portOf = ({ redirectUri }: { readonly redirectUri: string }): string => new URL(redirectUri).port

/** Whether nobody listens there any more. */
const isFree = ({ redirectUri }: { readonly redirectUri: string }): Effect.Effect<boolean> =>
  Effect.promise(async () => {
    // A port that was given back may be somebody else's at once, but hardly for long; one that was kept stays for minutes.
    for (let attempt = 0; attempt < 10; attempt++) {
      if (await fetch(redirectUri).then(() => false, () => true)) return true
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    return false
  })

describe("McpOAuth.connectAll", () => {
  it.scopedLive("connects to 8 servers, each sign-in on its own port, one window at a time", () =>
    Effect.gen(function* () {
      const { authorizationServer, mostOpen, notices, queued, run, servers, shown } = yield* world(8)
      const results = yield* run(McpOAuth.connectAll(plain(servers)))
      assert.deepStrictEqual(yield* outcomes(results), good(servers))
      assert.deepStrictEqual(Object.keys(results), servers.map(({ name }) => name))
      assert.strictEqual(shown.length, 8)
      assert.strictEqual(mostOpen(), 1)
      assert.strictEqual(new Set(shown.map(portOf)).size, 8)
      assert.strictEqual(authorizationServer.windows(), 8)
      // All but the first were told of before, under the names they have here, and with the URLs that came then.
      assert.strictEqual(queued().length, 7)
      assert.deepStrictEqual(new Set(shown.map(({ serverName }) => serverName)), new Set(Object.keys(results)))
      const urlOf = new Map(shown.map(({ id, url }) => [id, url.href]))
      for (const { id, url } of queued()) assert.strictEqual(urlOf.get(id), url.href)
      // Nothing went wrong on the way, and the person is told of each that it is done.
      const ends = notices.flatMap((notice) => notice._tag === "SignInEnded" ? [notice] : [])
      assert.deepStrictEqual(ends.map(({ id, outcome }) => [id, outcome]), shown.map(({ id }) => [id, "SignedIn"]))
      assert.strictEqual(notices.length, queued().length + ends.length)
    }))

  it.scopedLive("connects to 4 servers together on the port that their one client has", () =>
    Effect.gen(function* () {
      const { authorizationServer, run, servers, shown, stuck } = yield* world(4, { strictRedirect: true })
      const { port } = yield* Effect.scoped(LoopbackHttp.listen)
      authorizationServer.addClient({
        client_id: "by-hand",
        redirect_uris: [`http://127.0.0.1:${port}/callback`],
        token_endpoint_auth_method: "none"
      })
      const options = { registration: { clientId: "by-hand" }, callback: { port, timeout: "20 seconds" } } as const
      for (const present of ["one-at-a-time", "all"] as const) {
        const results = yield* run(McpOAuth.connectAll(plain(servers, { ...options, account: present }), { present }))
        assert.deepStrictEqual(yield* outcomes(results), good(servers))
      }
      assert.deepStrictEqual(shown.map(portOf), shown.map(() => String(port)))
      assert.deepStrictEqual([shown.length, authorizationServer.count("register"), stuck], [8, 0, []])
    }))

  it.scopedLive("the next run with the same store asks nobody", () =>
    Effect.gen(function* () {
      const { notices, run, servers, windows } = yield* world(3)
      yield* Effect.scoped(run(McpOAuth.connectAll(plain(servers))))
      const told = notices.length
      const results = yield* run(McpOAuth.connectAll(plain(servers, { interactive: false })))
      assert.deepStrictEqual(yield* outcomes(results), good(servers))
      assert.strictEqual(windows(), 3)
      assert.strictEqual(notices.length, told)
    }))

  it.scopedLive("a name of its own goes before the key", () =>
    Effect.gen(function* () {
      const { run, servers, shown } = yield* world(1)
      yield* run(McpOAuth.connectAll(plain(servers, { name: "My notes" })))
      assert.deepStrictEqual(shown.map(({ serverName }) => serverName), ["My notes"])
    }))

  it.scopedLive("gives nothing for nothing", () =>
    Effect.gen(function* () {
      const { run } = yield* world(0)
      assert.deepStrictEqual(yield* run(McpOAuth.connectAll({})), {})
    }))

  it.scopedLive("closes every client with the scope", () =>
    Effect.gen(function* () {
      const { run, servers } = yield* world(3)
      const scope = yield* Effect.acquireRelease(Scope.make(), (made) => Scope.close(made, Exit.void))
      const results = yield* run(McpOAuth.connectAll(plain(servers)).pipe(Scope.extend(scope)))
      const clients = Object.values(results).map((result) => Either.getOrThrow(result).client)
      assert.isTrue(clients.every(({ transport }) => transport !== undefined))
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(clients.every(({ transport }) => transport === undefined))
    }))

  describe("one server's failure", () => {
    it.scopedLive("is that server's alone, whatever it is", () =>
      Effect.gen(function* () {
        const { authorizationServer, run, servers } = yield* world(2)
        const noRegistration = yield* ScriptedAuthorizationServer.make({ registration: "absent" })
        const closed = yield* McpServer.make({ name: "closed", authorizationServer: noRegistration })
        const [first, second] = servers
        assert(first !== undefined && second !== undefined)
        const results = yield* run(McpOAuth.connectAll({
          first: { client: newClient(), serverUrl: first.url },
          unreachable: { client: newClient(), serverUrl: "http://127.0.0.1:9/mcp" },
          wrong: { client: newClient(), serverUrl: "file:///etc/passwd" },
          unregistered: { client: newClient(), serverUrl: closed.url },
          broken: {
            client: newClient(),
            serverUrl: first.url,
            account: "other",
            transport: () => {
              throw new Error("no transport today")
            }
          },
          second: { client: newClient(), serverUrl: second.url }
        }))
        assert.deepStrictEqual(yield* outcomes(results), {
          first: "person at server-0",
          unreachable: "DiscoveryError",
          wrong: "InvalidServerUrl",
          unregistered: "RegistrationError",
          broken: "McpConnectError",
          second: "person at server-1"
        })
        assert.strictEqual(authorizationServer.windows(), 3)
      }))

    it.scopedLive("does not close the client that is connected under another name", () =>
      Effect.gen(function* () {
        const { run, servers } = yield* world(2)
        const [first, second] = servers
        assert(first !== undefined && second !== undefined)
        const client = newClient()
        const results = yield* run(McpOAuth.connectAll({
          one: { client, serverUrl: first.url },
          same: { client, serverUrl: second.url }
        }))
        const ends = [results.one, results.same]
        assert.strictEqual(ends.filter(Either.isRight).length, 1)
        assert.match(yield* whoami(client), /^person at server-[01]$/)
      }))
  })

  describe("one at a time", () => {
    it.scopedLive("a URL that is told works before its turn, and is then not shown", () =>
      Effect.gen(function* () {
        const { answer, mostOpen, person, queued, run, servers, shown, untilShown } = yield* world(4)
        person.mode = "waits"
        const fiber = yield* Effect.fork(run(McpOAuth.connectAll(plain(servers))))
        yield* untilShown(1)
        yield* until(() => queued().length === 3)
        const [early, ...rest] = [...queued()].reverse()
        assert(early !== undefined)
        assert.isTrue(early.listening)
        assert.notProperty(early, "deadline")
        assert.strictEqual(yield* visit(early.url), 200)
        // It is over: its port is free again, long before the others.
        yield* until(() => shown.length === 1)
        assert.isTrue(yield* isFree(early))
        for (let turn = 1; turn <= 3; turn++) {
          yield* untilShown(turn)
          yield* answer
        }
        const results = yield* Fiber.join(fiber)
        assert.deepStrictEqual(yield* outcomes(results), good(servers))
        assert.strictEqual(shown.length, 3)
        assert.notInclude(shown.map(({ id }) => id), early.id)
        assert.includeMembers(shown.map(({ id }) => id), rest.map(({ id }) => id))
        assert.strictEqual(mostOpen(), 1)
      }))

    it.scopedLive("turns come in the order the sign-ins were told of", () =>
      Effect.gen(function* () {
        const { queued, run, servers, shown } = yield* world(6)
        yield* run(McpOAuth.connectAll(plain(servers)))
        assert.deepStrictEqual(shown.slice(1).map(({ id }) => id), queued().map(({ id }) => id))
      }))

    it.scopedLive("answers in any order, all at once, leave no turn unused", () =>
      Effect.gen(function* () {
        const { mostOpen, person, queued, run, servers, shown, waiting } = yield* world(20)
        person.mode = "waits"
        const fiber = yield* Effect.fork(run(McpOAuth.connectAll(plain(servers))))
        yield* until(() => shown.length === 1 && queued().length === 19)
        const urls = [...queued().map(({ url }) => url), shown[0]?.url ?? new URL("http://nowhere.example")]
        const shuffled = urls.map((url, index) => ({ url, at: (index * 7) % urls.length })).sort((a, b) => a.at - b.at)
        const pages = yield* Effect.forEach(shuffled, ({ url }) => visit(url), { concurrency: "unbounded" })
        assert.deepStrictEqual(new Set(pages), new Set([200]))
        const results = yield* Fiber.join(fiber)
        assert.deepStrictEqual(yield* outcomes(results), good(servers))
        assert.isAtMost(mostOpen(), 1)
        assert.strictEqual(waiting(), 0)
      }))

    it.scoped("the clock of a sign-in starts at its turn", () =>
      Effect.gen(function* () {
        const { answer, mostOpen, person, queued, run, servers, shown, untilShown } = yield* world(4)
        person.mode = "waits"
        const fiber = yield* Effect.fork(
          run(McpOAuth.connectAll(plain(servers, { callback: { timeout: "5 minutes" } })))
        )
        yield* until(() => queued().length === 3)
        // Longer together than the limit of each.
        for (let turn = 1; turn <= 4; turn++) {
          yield* untilShown(turn)
          yield* TestClock.adjust("4 minutes")
          yield* answer
        }
        assert.deepStrictEqual(yield* outcomes(yield* Fiber.join(fiber)), good(servers))
        assert.strictEqual(mostOpen(), 1)
        assert.deepStrictEqual(shown.map(({ deadline }) => deadline), [5, 9, 13, 17].map((minutes) => minutes * 60_000))
      }))

    it.scoped("a sign-in that is denied, or that nobody answers in time, lets the next come", () =>
      Effect.gen(function* () {
        const { answer, authorizationServer, mostOpen, person, queued, run, servers, shown, untilShown } = yield* world(
          4
        )
        person.mode = "waits"
        const fiber = yield* Effect.fork(run(McpOAuth.connectAll(plain(servers))))
        yield* until(() => queued().length === 3)
        authorizationServer.knobs.authorize = { error: "access_denied" }
        yield* answer
        authorizationServer.knobs.authorize = "approve"
        yield* untilShown(2)
        // Nobody answers this one; and it takes nothing of the time of the next.
        yield* TestClock.adjust("5 minutes")
        yield* untilShown(3)
        yield* TestClock.adjust("4 minutes")
        yield* answer
        yield* untilShown(4)
        yield* answer
        const ends = yield* outcomes(yield* Fiber.join(fiber))
        const inOrder = shown.map(({ serverName }) => ends[serverName])
        assert.deepStrictEqual(inOrder, [
          "AuthorizationDenied",
          "AuthorizationTimeout",
          `person at ${shown[2]?.serverName}`,
          `person at ${shown[3]?.serverName}`
        ])
        assert.strictEqual(mostOpen(), 1)
      }))

    it.scopedLive("a server that needs no person waits for none", () =>
      Effect.gen(function* () {
        const { answer, person, run, servers, untilShown } = yield* world(2)
        const [stored, fresh] = servers
        assert(stored !== undefined && fresh !== undefined)
        yield* Effect.scoped(run(McpOAuth.connectAll(plain([stored]))))
        person.mode = "waits"
        const clients = { fresh: newClient(), stored: newClient() }
        const fiber = yield* Effect.fork(run(McpOAuth.connectAll({
          fresh: { client: clients.fresh, serverUrl: fresh.url },
          stored: { client: clients.stored, serverUrl: stored.url }
        })))
        yield* untilShown(2)
        yield* until(() => clients.stored.getServerVersion() !== undefined)
        assert.strictEqual(yield* whoami(clients.stored), "person at server-0")
        assert.isUndefined(clients.fresh.transport)
        yield* answer
        yield* Fiber.join(fiber)
      }))

    it.scopedLive("it stays so for the sign-ins that come later, in the middle of a session", () =>
      Effect.gen(function* () {
        const { answer, authorizationServer, mostOpen, person, queued, run, servers, shown } = yield* world(3)
        const results = yield* run(McpOAuth.connectAll(plain(servers)))
        authorizationServer.revokeAll()
        person.mode = "waits"
        const before = queued().length
        const fiber = yield* Effect.fork(outcomes(results))
        const calls = yield* Effect.fork(
          Effect.forEach(
            Object.values(results),
            (result) => whoami(Either.getOrThrow(result).client),
            { concurrency: "unbounded" }
          )
        )
        yield* until(() => queued().length === before + 2)
        assert.strictEqual(shown.length, 4)
        for (let turn = 4; turn <= 6; turn++) {
          yield* until(() => shown.length === turn)
          yield* answer
        }
        yield* Fiber.join(calls)
        assert.deepStrictEqual(yield* Fiber.join(fiber), good(servers))
        assert.strictEqual(mostOpen(), 1)
      }))

    it.scopedLive("two calls of connectAll do not wait for each other, unless they are given one `turn`", () =>
      Effect.gen(function* () {
        const { answer, mostOpen, person, queued, run, servers, shown, untilShown } = yield* world(4)
        person.mode = "waits"
        const [one, two, three, four] = servers
        assert(one !== undefined && two !== undefined && three !== undefined && four !== undefined)
        const apart = yield* Effect.fork(
          run(Effect.all([McpOAuth.connectAll(plain([one])), McpOAuth.connectAll(plain([two]))], {
            concurrency: "unbounded"
          }))
        )
        yield* untilShown(2)
        assert.strictEqual(mostOpen(), 2)
        yield* answer
        yield* Fiber.join(apart)
        const turns = Effect.unsafeMakeSemaphore(1)
        const turn = Effect.asVoid(Effect.acquireRelease(turns.take(1), () => turns.release(1)))
        const together = yield* Effect.fork(
          run(
            Effect.all([McpOAuth.connectAll(plain([three], { turn })), McpOAuth.connectAll(plain([four], { turn }))], {
              concurrency: "unbounded"
            })
          )
        )
        yield* untilShown(3)
        yield* until(() => queued().length === 1)
        assert.strictEqual(shown.length, 3)
        yield* answer
        yield* untilShown(4)
        yield* answer
        yield* Fiber.join(together)
      }))

    it.scopedLive("interrupting the whole leaves no window, no port and no client", () =>
      Effect.gen(function* () {
        const { person, queued, run, servers, shown, untilShown, waiting } = yield* world(8)
        person.mode = "waits"
        const clients = servers.map(() => newClient())
        const fiber = yield* Effect.fork(
          Effect.scoped(run(McpOAuth.connectAll(
            Object.fromEntries(
              servers.map(({ name, url }, index) => [name, { client: clients[index] ?? newClient(), serverUrl: url }])
            )
          )))
        )
        yield* untilShown(1)
        yield* until(() => queued().length === 7)
        const started = Date.now()
        const exit = yield* Fiber.interrupt(fiber)
        assert.isTrue(Exit.isInterrupted(exit))
        assert.isBelow(Date.now() - started, 5000)
        assert.strictEqual(waiting(), 0)
        for (const pending of [...shown, ...queued()]) assert.isTrue(yield* isFree(pending))
        assert.isTrue(clients.every(({ transport }) => transport === undefined))
        yield* pause(50)
        assert.strictEqual(shown.length, 1)
      }))
  })

  it.scopedLive("all at once shows every sign-in, and tells of no queue", () =>
    Effect.gen(function* () {
      const { answer, mostOpen, notices, person, run, servers, shown, untilShown } = yield* world(8)
      person.mode = "waits"
      const fiber = yield* Effect.fork(run(McpOAuth.connectAll(plain(servers), { present: "all" })))
      yield* untilShown(8)
      assert.strictEqual(mostOpen(), 8)
      assert.deepStrictEqual(notices, [])
      assert.strictEqual(new Set(shown.map(portOf)).size, 8)
      yield* answer
      assert.deepStrictEqual(yield* outcomes(yield* Fiber.join(fiber)), good(servers))
    }))

  it.scopedLive("goes to as many servers at a time as it is told", () =>
    Effect.gen(function* () {
      const { answer, authorizationServer, person, run, servers, shown, waiting } = yield* world(5)
      person.mode = "waits"
      const fiber = yield* Effect.fork(
        run(McpOAuth.connectAll(plain(servers), { present: "all", concurrency: 2 }))
      )
      for (let turn = 2; turn <= 5; turn++) {
        yield* until(() => shown.length === turn)
        yield* pause(50)
        assert.strictEqual(shown.length, turn)
        assert.isAtMost(waiting(), 2)
        assert.strictEqual(authorizationServer.count("register"), turn)
        const oldest = shown[turn - 2]
        assert(oldest !== undefined)
        yield* visit(oldest.url)
      }
      yield* answer
      assert.deepStrictEqual(yield* outcomes(yield* Fiber.join(fiber)), good(servers))
    }))

  it.scopedLive("a registration made by hand goes by `registration`", () =>
    Effect.gen(function* () {
      const { authorizationServer, run, servers, shown, store } = yield* world(2)
      authorizationServer.addClient({
        client_id: "by-hand",
        client_secret: "the-client-secret",
        redirect_uris: ["http://127.0.0.1/callback"],
        token_endpoint_auth_method: "client_secret_basic",
        application_type: "native",
        grant_types: ["authorization_code", "refresh_token"]
      })
      const [first, second] = servers
      assert(first !== undefined && second !== undefined)
      const results = yield* run(McpOAuth.connectAll({
        hand: {
          client: newClient(),
          serverUrl: first.url,
          registration: {
            clientId: "by-hand",
            clientSecret: Redacted.make("the-client-secret"),
            issuer: authorizationServer.issuer
          }
        },
        itself: { client: newClient(), serverUrl: second.url }
      }))
      assert.deepStrictEqual(yield* outcomes(results), { hand: "person at server-0", itself: "person at server-1" })
      const ids = new Map(shown.map(({ serverName, url }) => [serverName, url.searchParams.get("client_id")]))
      assert.strictEqual(ids.get("hand"), "by-hand")
      assert.notStrictEqual(ids.get("itself"), "by-hand")
      assert.strictEqual(authorizationServer.count("register"), 1)
      assert.strictEqual(store.peek(first.url)?.client?.clientId, "by-hand")
    }))

  it.scopedLive("each client keeps its type, those of both SDKs and of both transports side by side", () =>
    Effect.gen(function* () {
      const { authorizationServer, run, servers } = yield* world(3)
      const old = yield* SseMcpServer.make({ name: "old", authorizationServer })
      const [a, b, c] = servers
      assert(a !== undefined && b !== undefined && c !== undefined)
      const results = yield* run(McpOAuth.connectAll({
        notes: { client: new NotesClient(info), serverUrl: a.url },
        two: { client: new ClientV2(info), serverUrl: new URL(b.url) },
        own: {
          client: new ClientV2(info),
          serverUrl: c.url,
          transport: (url, { fetch }) => new TransportV2(url, { fetch })
        },
        sse: {
          client: newClient(),
          serverUrl: old.url,
          transport: (url, { fetch }) => new SSEClientTransport(url, { fetch })
        }
      }))
      expectTypeOf(results.notes).toEqualTypeOf<Either.Either<Connected<NotesClient>, ConnectError>>()
      expectTypeOf(results.two).toEqualTypeOf<Either.Either<Connected<ClientV2>, ConnectError>>()
      expectTypeOf(results.own).toEqualTypeOf<Either.Either<Connected<ClientV2>, ConnectError>>()
      expectTypeOf(results.sse).toEqualTypeOf<Either.Either<Connected<Client>, ConnectError>>()
      assert.strictEqual(Either.getOrThrow(results.notes).client.notes, "mine")
      assert.strictEqual(yield* whoami(Either.getOrThrow(results.notes).client), "person at server-0")
      assert.strictEqual(yield* whoami(Either.getOrThrow(results.two).client), "person at server-1")
      assert.strictEqual(yield* whoami(Either.getOrThrow(results.own).client), "person at server-2")
      assert.strictEqual(yield* whoami(Either.getOrThrow(results.sse).client), "person at old")
    }))

  it("refuses in its types what is no client, no transport or no option", () => {
    const client = newClient()
    const serverUrl = "http://127.0.0.1:9/mcp"
    // Only looked at by the compiler.
    const wrong = [
      // @ts-expect-error a transport has to be one
      () => McpOAuth.connect(client, { serverUrl, transport: () => "a transport" }),
      // @ts-expect-error a promise of one is none
      () => McpOAuth.connect(client, { serverUrl, transport: (url) => Promise.resolve(new TransportV2(url)) }),
      // @ts-expect-error a client has to be one
      () => McpOAuth.connect({ name: "a client" }, { serverUrl }),
      // @ts-expect-error the server is missing
      () => McpOAuth.connect(client, {}),
      // @ts-expect-error the client is missing
      () => McpOAuth.connectAll({ one: { serverUrl } }),
      // @ts-expect-error the server is missing
      () => McpOAuth.connectAll({ one: { client } }),
      // @ts-expect-error a transport has to be one
      () => McpOAuth.connectAll({ one: { client, serverUrl, transport: () => "a transport" } }),
      // @ts-expect-error `client` is the one that is connected
      () => McpOAuth.connectAll({ one: { client: { clientId: "by-hand" }, serverUrl } }),
      // @ts-expect-error a secret is redacted
      () => McpOAuth.connectAll({ one: { client, serverUrl, registration: { clientId: "a", clientSecret: "b" } } }),
      // @ts-expect-error there are two ways
      () => McpOAuth.connectAll({ one: { client, serverUrl } }, { present: "two-at-a-time" })
    ]
    assert.strictEqual(wrong.length, 10)
    const connected = McpOAuth.connect(new NotesClient(info), { serverUrl })
    expectTypeOf(connected).toEqualTypeOf<
      Effect.Effect<Connected<NotesClient>, ConnectError, Scope.Scope | McpHarness.Services>
    >()
    const connectedAll = McpOAuth.connectAll({ two: { client: new ClientV2(info), serverUrl } })
    expectTypeOf<Effect.Effect.Error<typeof connectedAll>>().toBeNever()
    type Result = ConnectedAll<{ readonly two: { readonly client: ClientV2; readonly serverUrl: string } }>
    expectTypeOf<Effect.Effect.Success<typeof connectedAll>["two"]>().toEqualTypeOf<Result["two"]>()
    // What is registered by hand has the same type in both.
    expectTypeOf<ServerToConnect["registration"]>().toEqualTypeOf<McpOAuthOptions["client"]>()
  })
})
