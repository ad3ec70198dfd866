/** Where a sign-in comes back to: a registration and its port belong together. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CallbackFlow } from "../../src/index.ts"
import type { McpOAuthOptions } from "../../src/mcp.ts"
import * as LoopbackHttp from "../fixtures/LoopbackHttp.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import * as ProtectedServer from "../fixtures/ProtectedServer.ts"
import * as SdkAuthorizationServer from "../fixtures/SdkAuthorizationServer.ts"
import * as StandInBrowser from "../fixtures/StandInBrowser.ts"

type World = McpHarness.World

/** A port that nobody uses now. */
const freePort = Effect.scoped(Effect.map(LoopbackHttp.listen, ({ port }) => port))

const portOf = (redirectUri: string | undefined): number => Number(new URL(redirectUri ?? "").port)

/** The ports that the sign-ins so far came back to. */
const ports = ({ shown }: Pick<World, "shown">) => shown.map(({ redirectUri }) => portOf(redirectUri))

const tags = (world: Pick<World, "notices">) => McpHarness.warnings(world).map(({ _tag }) => _tag)

describe("a stored registration at a server that compares redirect URIs to the letter", () => {
  const strict = McpHarness.world({ authorizationServer: { strictRedirect: true } })
  /** Long enough for any sign-in here, and short enough to see that none hangs. */
  const callback = { timeout: "5 seconds" } as const

  it.scopedLive("whose port is taken is replaced: the person signs in, once, and nothing hangs", () =>
    Effect.gen(function* () {
      const world = yield* strict
      yield* world.signedIn
      yield* LoopbackHttp.listenOn(portOf(world.shown[0]?.redirectUri))
      const { oauth } = yield* world.open({ callback })
      yield* oauth.login
      assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
      assert.deepStrictEqual([world.authorizationServer.count("register"), world.windows()], [2, 2])
      assert.deepStrictEqual(world.stored()?.client?.redirectUris, [world.shown[1]?.redirectUri ?? ""])
      assert.deepStrictEqual([world.stuck, McpHarness.warnings(world)], [[], []])
    }))

  it.scopedLive("whose port another flow of this program holds is used on it, together with that flow", () =>
    Effect.gen(function* () {
      const world = yield* strict
      yield* world.signedIn
      const sibling = yield* Effect.provide(
        CallbackFlow.open({ port: portOf(world.shown[0]?.redirectUri) }),
        world.layer
      )
      const { oauth } = yield* world.open({ callback })
      yield* oauth.login
      assert.deepStrictEqual(ports(world), [portOf(sibling.redirectUri), portOf(sibling.redirectUri)])
      assert.deepStrictEqual([world.authorizationServer.count("register"), world.windows()], [1, 2])
      assert.deepStrictEqual([world.stuck, McpHarness.warnings(world)], [[], []])
    }))

  it.scopedLive("whose port is taken when nobody is signed in any more is replaced too", () =>
    Effect.gen(function* () {
      const world = yield* strict
      yield* world.signedIn
      world.editTokens(() => undefined)
      yield* Effect.scoped(Effect.gen(function* () {
        yield* LoopbackHttp.listenOn(portOf(world.shown[0]?.redirectUri))
        world.person.mode = "waits"
        const { oauth } = yield* world.open({ callback: { timeout: "200 millis" } })
        assert.strictEqual((yield* Effect.flip(oauth.login))._tag, "AuthorizationTimeout")
      }))
      world.person.mode = "answers"
      const { oauth } = yield* world.open({ callback })
      yield* oauth.login
      // The new one was kept although nobody finished that sign-in.
      assert.strictEqual(world.authorizationServer.count("register"), 2)
      assert.strictEqual(ports(world)[2], ports(world)[1])
    }))

  it.scopedLive("whose port is taken stays with the tokens it brought, until there are others", () =>
    Effect.gen(function* () {
      const world = yield* strict
      yield* world.signedIn
      const before = world.stored()
      yield* LoopbackHttp.listenOn(portOf(world.shown[0]?.redirectUri))
      world.person.mode = "waits"
      const { oauth } = yield* world.open({ callback: { timeout: "200 millis" } })
      assert.strictEqual((yield* Effect.flip(oauth.login))._tag, "AuthorizationTimeout")
      assert.strictEqual(world.authorizationServer.count("register"), 2)
      assert.strictEqual(world.stored()?.client?.clientId, before?.client?.clientId)
      world.authorizationServer.expireAll()
      assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
      assert.deepStrictEqual([world.authorizationServer.refreshes(), world.windows()], [1, 2])
    }))

  it.scopedLive("for another host or path is replaced", () =>
    Effect.gen(function* () {
      const world = yield* strict
      for (const more of [{}, { host: "localhost" }, { host: "localhost", path: "/other" }] as const) {
        const { oauth } = yield* world.open({ callback: { ...callback, ...more } })
        yield* oauth.login
      }
      assert.strictEqual(world.authorizationServer.count("register"), 3)
      assert.deepStrictEqual(world.stuck, [])
    }))

  it.scopedLive("is used on its own port where that is among the ports that are named, else replaced", () =>
    Effect.gen(function* () {
      const world = yield* strict
      const [one, other] = [yield* freePort, yield* freePort]
      const loginOn = (port: number | ReadonlyArray<number>) =>
        Effect.scoped(Effect.gen(function* () {
          const { oauth } = yield* world.open({ callback: { ...callback, port } })
          yield* oauth.login
        }))
      yield* loginOn(one)
      yield* loginOn([other, one])
      assert.deepStrictEqual(ports(world), [one, one])
      assert.strictEqual(world.authorizationServer.count("register"), 1)
      yield* loginOn(other)
      assert.deepStrictEqual(ports(world), [one, one, other])
      assert.strictEqual(world.authorizationServer.count("register"), 2)
    }))

  it.scopedLive("and a port that is named and taken: that is an error, unless a paste may do", () =>
    Effect.gen(function* () {
      const world = yield* strict
      const { port } = yield* LoopbackHttp.listen
      const { oauth } = yield* world.open({ callback: { ...callback, port } })
      assert.deepInclude(yield* Effect.flip(oauth.login), { _tag: "BindError", reason: "PortInUse" })
      assert.strictEqual(world.authorizationServer.count("register"), 0)
      world.person.via = "paste"
      const { oauth: pasting } = yield* world.open({ callback: { ...callback, port, onPortBusy: "paste" } })
      yield* pasting.login
      assert.deepStrictEqual(tags(world), ["PasteOnly"])
      assert.deepStrictEqual(ports(world), [port])
    }))
})

describe("the SDK's example server, which compares redirect URIs to the letter", () => {
  const example = Effect.gen(function* () {
    const authorizationServer = yield* SdkAuthorizationServer.make()
    const server = yield* ProtectedServer.make({ authorizationServer })
    const harness = yield* McpHarness.make
    const login = Effect.scoped(Effect.gen(function* () {
      const { oauth } = yield* McpHarness.open(harness, { serverUrl: server.url, callback: { timeout: "5 seconds" } })
      yield* oauth.ensure
      assert.strictEqual(yield* McpHarness.call(oauth, server.url), 200)
    }))
    const loseTokens = Effect.sync(() => {
      const stored = harness.store.peek(server.url)
      if (stored !== undefined) harness.store.poke(server.url, { ...stored, tokens: undefined })
      return stored?.client?.clientId
    })
    return { authorizationServer, harness, login, loseTokens }
  })

  it.scopedLive("signs in twice, with one registration", () =>
    Effect.gen(function* () {
      const { authorizationServer, harness, login, loseTokens } = yield* example
      yield* login
      const clientId = yield* loseTokens
      yield* login
      assert.strictEqual(yield* loseTokens, clientId)
      assert.strictEqual(ports(harness)[1], ports(harness)[0])
      assert.strictEqual(authorizationServer.authorizeCount(), 2)
    }))

  it.scopedLive("signs in a second time although the port is taken, with another registration", () =>
    Effect.gen(function* () {
      const { harness, login, loseTokens } = yield* example
      yield* login
      const clientId = yield* loseTokens
      yield* LoopbackHttp.listenOn(ports(harness)[0] ?? 0)
      yield* login
      assert.notStrictEqual(yield* loseTokens, clientId)
      assert.notStrictEqual(ports(harness)[1], ports(harness)[0])
    }))
})

describe("a client made by hand", () => {
  /** A client with one redirect URI, at a server that accepts other ports unless it is strict. */
  const byHand = (redirectUri: string, strictRedirect = false) =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({ authorizationServer: { strictRedirect } })
      world.authorizationServer.addClient({
        client_id: "by-hand",
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: "none"
      })
      const open = (callback?: McpOAuthOptions["callback"]) =>
        world.open({ client: { clientId: "by-hand" }, callback: { timeout: "5 seconds", ...callback } })
      return { ...world, open }
    })

  it.scopedLive("uses the port that is named", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const world = yield* byHand(`http://127.0.0.1:${port}/callback`, true)
      const { oauth } = yield* world.open({ port })
      yield* oauth.login
      assert.deepStrictEqual(ports(world), [port])
      assert.deepStrictEqual(McpHarness.warnings(world), [])
    }))

  it.scopedLive("uses the next of the ports that are named when the first is taken", () =>
    Effect.gen(function* () {
      const { port: taken } = yield* LoopbackHttp.listen
      const port = yield* freePort
      const world = yield* byHand(`http://127.0.0.1:${port}/callback`, true)
      const { oauth } = yield* world.open({ port: [taken, port] })
      yield* oauth.login
      assert.deepStrictEqual(ports(world), [port])
      assert.deepStrictEqual(McpHarness.warnings(world), [])
    }))

  it.scopedLive("uses any port where none is named, and tells the person what may happen", () =>
    Effect.gen(function* () {
      const world = yield* byHand("http://127.0.0.1/callback")
      const { oauth } = yield* world.open()
      yield* oauth.login
      assert.deepStrictEqual(tags(world), ["MaybeUnregistered"])
    }))

  for (const host of ["127.0.0.1", "localhost"] as const) {
    it.scopedLive(`binds no other port when a stranger has the one that is named, and a paste finishes it: ${host}`, () =>
      Effect.gen(function* () {
        const { port } = yield* LoopbackHttp.listen
        const redirectUri = `http://${host}:${port}/callback`
        // This server would take any other port too: no program can know that.
        const world = yield* byHand(redirectUri)
        world.person.mode = "waits"
        const { oauth } = yield* world.open({ host, port })
        const signingIn = yield* McpHarness.started(Effect.either(oauth.login))
        yield* world.untilShown(1)
        const [pending] = world.shown
        assert.deepInclude(pending, { redirectUri, listening: false, paste: true })
        const [notice] = world.notices
        assert.deepStrictEqual(tags(world), ["PasteOnly"])
        assert(notice?._tag === "PasteOnly")
        assert.strictEqual(notice.redirectUri, redirectUri)
        assert.deepInclude(notice.error, { reason: "PortInUse", ports: [port] })
        const { callbackUrl } = yield* StandInBrowser.make().visit(pending?.url ?? "", { follow: false })
        assert.isTrue(callbackUrl.startsWith(redirectUri))
        yield* world.paste(callbackUrl)
        assert.strictEqual((yield* signingIn)._tag, "Right")
        assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
      }))
  }

  it.scopedLive("fails when a stranger has the port and nobody can paste, before anybody is asked", () =>
    Effect.gen(function* () {
      const { port } = yield* LoopbackHttp.listen
      const world = yield* byHand(`http://127.0.0.1:${port}/callback`)
      const { oauth } = yield* world.open({ port, paste: false })
      const error = yield* Effect.flip(oauth.login)
      assert.deepInclude(error, { _tag: "BindError", reason: "PortInUse", ports: [port] })
      assert.match(
        error.message,
        new RegExp(`^Cannot listen on 127\\.0\\.0\\.1:${port}: another program uses the port\\. Stop it`)
      )
      assert.deepStrictEqual([world.windows(), McpHarness.warnings(world)], [0, []])
    }))

  it.scopedLive("with an address of its own waits on the taken port, and a paste finishes it", () =>
    Effect.gen(function* () {
      const { port } = yield* LoopbackHttp.listen
      const redirectUri = "https://tunnel.example/callback"
      const world = yield* byHand(redirectUri, true)
      world.person.via = "paste"
      const { oauth } = yield* world.open({ port, redirectUri: () => redirectUri })
      yield* oauth.login
      assert.deepStrictEqual(tags(world), ["PasteOnly"])
      assert.strictEqual(world.shown[0]?.redirectUri, redirectUri)
    }))

  it.scopedLive("does as the caller says when the port is taken", () =>
    Effect.gen(function* () {
      const { port } = yield* LoopbackHttp.listen
      const world = yield* byHand(`http://127.0.0.1:${port}/callback`, true)
      const { oauth: failing } = yield* world.open({ port, onPortBusy: "fail" })
      const error = yield* Effect.flip(failing.login)
      assert.deepInclude(error, { _tag: "BindError", reason: "PortInUse" })
      assert.strictEqual(world.windows(), 0)
      world.person.via = "paste"
      const { oauth: pasting } = yield* world.open({ port, onPortBusy: "paste" })
      yield* pasting.login
      assert.deepStrictEqual(tags(world), ["PasteOnly"])
      assert.deepStrictEqual(ports(world), [port])
    }))

  it.scopedLive("at a strict server, where no port is named: the person was told, and it ends by its time-limit", () =>
    Effect.gen(function* () {
      const world = yield* byHand(`http://127.0.0.1:${yield* freePort}/callback`, true)
      const { oauth } = yield* world.open({ timeout: "2 seconds" })
      const error = yield* Effect.flip(oauth.login)
      assert.deepInclude(error, { _tag: "AuthorizationTimeout", phase: "response" })
      assert.deepStrictEqual(tags(world), ["MaybeUnregistered"])
      assert.strictEqual(world.stuck.length, 1)
      assert.strictEqual(world.authorizationServer.count("register"), 0)
    }))
})

describe("20 sign-ins at once, at a server that knows one redirect URI and compares it to the letter", () => {
  const documentUrl = "https://client.example/metadata.json"

  for (
    const [how, host, clientId, options] of [
      ["a client made by hand", "127.0.0.1", "by-hand", { client: { clientId: "by-hand" } }],
      ["a client ID metadata document", "localhost", documentUrl, { clientMetadataUrl: documentUrl }]
    ] as const
  ) {
    it.scopedLive(`all come back on its port: ${how}, ${host}`, () =>
      Effect.gen(function* () {
        const port = yield* freePort
        const world = yield* McpHarness.world({
          authorizationServer: {
            strictRedirect: true,
            metadata: (document) => ({ ...document, client_id_metadata_document_supported: true })
          }
        })
        const redirectUri = `http://${host}:${port}/callback`
        world.authorizationServer.addClient({
          client_id: clientId,
          redirect_uris: [redirectUri],
          token_endpoint_auth_method: "none"
        })
        world.person.mode = "waits"
        const signIns = yield* Effect.forEach(
          Array.from({ length: 20 }, (_, index) => `person-${index}`),
          (account) => world.open({ ...options, account, callback: { host, port, timeout: "20 seconds" } })
        )
        const ends = yield* Effect.forEach(
          signIns,
          ({ oauth }) => McpHarness.started(Effect.either(oauth.login))
        )
        yield* world.untilShown(20)
        yield* world.answer
        for (const end of ends) assert.strictEqual((yield* end)._tag, "Right")
        for (const { oauth } of signIns) assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
        assert.deepStrictEqual(new Set(world.shown.map((shown) => shown.redirectUri)), new Set([redirectUri]))
        // Each has tokens of its own.
        assert.strictEqual(world.authorizationServer.families().length, 20)
        assert.deepStrictEqual([world.stuck, McpHarness.warnings(world)], [[], []])
        // The last one gave the port back.
        yield* LoopbackHttp.listenOn(port)
      }))
  }
})
