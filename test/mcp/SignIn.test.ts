/** Who the program is to an authorization server: the ways to be known there, in their order, and what becomes of them. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as OidcServer from "../fixtures/AuthorizationServer.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import * as ProtectedServer from "../fixtures/ProtectedServer.ts"
import type { AuthMethod, Document, Fault } from "../fixtures/ScriptedAuthorizationServer.ts"

type World = McpHarness.World

const documentUrl = "https://client.example/oauth/metadata.json"
const loopback = ["http://127.0.0.1/callback"]

const sent = ({ authorizationServer }: World, endpoint: string) =>
  authorizationServer.requests.filter((request) => request.endpoint === endpoint)

/** Who the person was sent to the authorization server as, each time. */
const clientIds = (world: World) => sent(world, "authorize").map(({ params }) => params.get("client_id"))

const fetchesDocuments = (document: Document): Document => ({
  ...document,
  client_id_metadata_document_supported: true
})

const addByHand = ({ authorizationServer }: World, method: AuthMethod = "none", secret?: string) => {
  authorizationServer.addClient({
    client_id: "by-hand",
    redirect_uris: loopback,
    token_endpoint_auth_method: method,
    ...(secret !== undefined && { client_secret: secret })
  })
  return { clientId: "by-hand", ...(secret !== undefined && { clientSecret: Redacted.make(secret) }) }
}

describe("the ways to be known", () => {
  it.scopedLive("by hand goes first", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({ authorizationServer: { metadata: fetchesDocuments } })
      yield* world.signedIn
      const { oauth } = yield* world.open({ client: addByHand(world), clientMetadataUrl: documentUrl })
      yield* oauth.login
      assert.strictEqual(clientIds(world)[1], "by-hand")
      assert.strictEqual(world.authorizationServer.count("register"), 1)
    }))

  it.scopedLive("by a document goes before a registration, also before one that is stored", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({ authorizationServer: { metadata: fetchesDocuments } })
      world.authorizationServer.addClient({
        client_id: documentUrl,
        redirect_uris: loopback,
        token_endpoint_auth_method: "none"
      })
      yield* world.signedIn
      const { oauth } = yield* world.open({ clientMetadataUrl: documentUrl })
      yield* oauth.login
      assert.strictEqual(clientIds(world)[1], documentUrl)
      assert.strictEqual(world.authorizationServer.count("register"), 1)
      assert.strictEqual(world.stored()?.client?.clientId, documentUrl)
    }))

  it.scopedLive("by a document that the server would not fetch gives way to a registration", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const { oauth } = yield* world.open({ clientMetadataUrl: documentUrl })
      yield* oauth.login
      assert.deepStrictEqual(clientIds(world), [world.stored()?.client?.clientId ?? ""])
      assert.strictEqual(world.authorizationServer.count("register"), 1)
    }))

  it.scopedLive("are none: the error says what to configure, and no window is opened", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({ authorizationServer: { registration: "absent" } })
      const { oauth } = yield* world.open()
      const error = yield* Effect.flip(oauth.login)
      const { issuer } = world.authorizationServer
      assert.deepInclude(error, { _tag: "RegistrationError", reason: "NotSupported", issuer })
      for (const word of [issuer, "client.clientId", "clientMetadataUrl"]) assert.include(error.message, word)
      assert.strictEqual(world.windows(), 0)
    }))

  for (const url of ["http://client.example/doc", "https://client.example", "https://client.example/", "client", ""]) {
    it.scopedLive(`cannot be a document at ${JSON.stringify(url)}: that is said before anything is sent`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world()
        const { oauth } = yield* world.open({ clientMetadataUrl: url })
        const error = yield* Effect.flip(oauth.login)
        assert.deepInclude(error, { _tag: "RegistrationError", reason: "InvalidClientMetadataUrl" })
        assert.strictEqual(world.authorizationServer.count("register"), 0)
        assert.strictEqual(world.windows(), 0)
      }))
  }
})

it.scopedLive("signs in at oidc-provider by a client ID metadata document, and refreshes", () =>
  Effect.gen(function* () {
    const authorizationServer = yield* OidcServer.make({
      clientIdMetadataDocuments: {
        [documentUrl]: {
          client_id: documentUrl,
          client_name: "A client with a document",
          application_type: "native",
          grant_types: ["authorization_code", "refresh_token"],
          redirect_uris: loopback,
          token_endpoint_auth_method: "none"
        }
      }
    })
    const server = yield* ProtectedServer.make({ authorizationServer })
    const harness = yield* McpHarness.make
    const open = McpHarness.open(harness, { serverUrl: server.url, clientMetadataUrl: documentUrl })
    const { oauth } = yield* open
    yield* oauth.login
    assert.strictEqual(yield* McpHarness.call(oauth, server.url), 200)
    const stored = harness.store.peek(server.url)
    assert.strictEqual(stored?.client?.clientId, documentUrl)
    assert.deepStrictEqual(McpHarness.warnings(harness).map(({ _tag }) => _tag), ["MaybeUnregistered"])
    if (stored?.tokens === undefined) return assert.fail("no tokens are stored")
    harness.store.poke(server.url, { ...stored, tokens: { ...stored.tokens, expiresAt: 1 } })
    const { oauth: later } = yield* open
    assert.strictEqual(yield* McpHarness.call(later, server.url), 200)
    assert.deepStrictEqual([authorizationServer.refreshes(), authorizationServer.authorizations()], [1, 1])
  }))

describe("a registration", () => {
  it.scopedLive("says that this is a program on a person's machine, with the address that is listened on", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const { oauth } = yield* world.open({ clientName: "An agent" })
      yield* oauth.login
      assert.deepStrictEqual(sent(world, "register")[0]?.body, {
        application_type: "native",
        client_name: "An agent",
        redirect_uris: [world.shown[0]?.redirectUri],
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        token_endpoint_auth_method: "none",
        scope: "mcp offline_access"
      })
      assert.deepStrictEqual(world.stored()?.client?.redirectUris, [world.shown[0]?.redirectUri ?? ""])
    }))

  it.scopedLive("is used again, on its own port", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({ authorizationServer: { strictRedirect: true } })
      yield* world.signedIn
      yield* world.signedIn
      assert.strictEqual(world.authorizationServer.count("register"), 1)
      assert.strictEqual(world.shown[1]?.redirectUri, world.shown[0]?.redirectUri)
      assert.deepStrictEqual(McpHarness.warnings(world), [])
    }))

  it.scopedLive("is used again after a sign-in that nobody finished, and dropped after the second", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.person.mode = "waits"
      const { oauth } = yield* world.open({ callback: { timeout: "200 millis" } })
      assert.deepInclude(yield* Effect.flip(oauth.login), { _tag: "AuthorizationTimeout", phase: "response" })
      assert.deepInclude(yield* Effect.flip(oauth.login), { _tag: "AuthorizationTimeout", phase: "response" })
      assert.strictEqual(world.authorizationServer.count("register"), 1)
      assert.strictEqual(world.shown[1]?.redirectUri, world.shown[0]?.redirectUri)
      world.person.mode = "answers"
      yield* world.signedIn
      assert.strictEqual(world.authorizationServer.count("register"), 2)
    }))

  it.scopedLive("is not lost to tokens that still work, when the person does not finish another sign-in", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      yield* world.signedIn
      world.person.mode = "waits"
      const { oauth } = yield* world.open({ callback: { timeout: "200 millis" } })
      assert.strictEqual((yield* Effect.flip(oauth.login))._tag, "AuthorizationTimeout")
      world.authorizationServer.expireAll()
      assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
      assert.deepStrictEqual([world.authorizationServer.refreshes(), world.windows()], [1, 2])
      world.person.mode = "answers"
      yield* world.signedIn
      assert.strictEqual(world.authorizationServer.count("register"), 2)
    }))

  const ends: Readonly<Record<string, readonly [value: unknown, registrations: number]>> = {
    "has ended": [1, 2],
    "never ends": [0, 1],
    "ends in an hour": [Math.floor(Date.now() / 1000) + 3600, 1]
  }
  for (const [when, [end, registrations]] of Object.entries(ends)) {
    it.scopedLive(`whose secret ${when} is ${registrations === 1 ? "used again" : "replaced"}`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world({ authorizationServer: { authMethods: ["client_secret_post"] } })
        const edit = (document: Document) => ({ ...document, client_secret_expires_at: end })
        world.authorizationServer.fail("register", { edit })
        yield* world.signedIn
        yield* world.signedIn
        assert.strictEqual(world.authorizationServer.count("register"), registrations)
        assert.strictEqual(world.windows(), 2)
      }))
  }

  it.scopedLive("that is refused is an error with the server's reason", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({
        authorizationServer: { registration: { status: 403, error: "access_denied", description: "ask the admin" } }
      })
      const { oauth } = yield* world.open()
      const error = yield* Effect.flip(oauth.login)
      const expected = {
        reason: "Rejected",
        status: 403,
        error: "access_denied",
        description: "ask the admin"
      } as const
      assert.deepInclude(error, { _tag: "RegistrationError", ...expected })
      for (const word of ["access_denied", "ask the admin", "client.clientId"]) assert.include(error.message, word)
      assert.strictEqual(world.authorizationServer.count("register"), 1)
      assert.strictEqual(world.windows(), 0)
      assert.isUndefined(world.stored())
    }))

  it.scopedLive("that is refused because of its scopes is asked for again without", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.authorizationServer.fail("register", { error: "invalid_client_metadata" })
      const { oauth } = yield* world.open()
      yield* oauth.login
      const scopes = sent(world, "register").map(({ body }) => (body as Document).scope)
      assert.deepStrictEqual(scopes, ["mcp offline_access", undefined])
      assert.strictEqual(sent(world, "authorize")[0]?.params.get("scope"), "mcp offline_access")
    }))

  /** A `fetch` for which a firewall refuses registrations of redirect URIs with this host. */
  const refusing = (host: string, status: number, body: object | null) => (url: string | URL, init?: RequestInit) => {
    const isRegistration = String(url).endsWith("/register")
    const sent = isRegistration ? new Response(init?.body ?? null).text() : Promise.resolve("")
    return sent.then((text) =>
      text.includes(`//${host}:`)
        ? new Response(body === null ? "<html>Forbidden" : JSON.stringify(body), { status })
        : fetch(url, { ...init, ...(isRegistration && { body: text }) })
    )
  }

  const refusals: ReadonlyArray<readonly [number, object | null]> = [
    [403, null],
    [400, { error: "invalid_redirect_uri", error_description: "localhost only" }]
  ]
  for (const [status, body] of refusals) {
    it.scopedLive(`that is refused for 127.0.0.1 with ${status} is made for localhost, which is used from then on`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world({ authorizationServer: { strictRedirect: true } })
        const options = { fetch: refusing("127.0.0.1", status, body) }
        const { close, oauth } = yield* world.open(options)
        yield* oauth.login
        yield* close
        const [redirectUri = ""] = world.stored()?.client?.redirectUris ?? []
        assert.match(redirectUri, /^http:\/\/localhost:\d+\/callback$/)
        const again = yield* world.open(options)
        yield* again.oauth.login
        assert.deepStrictEqual([world.authorizationServer.count("register"), world.windows()], [1, 2])
        assert.deepStrictEqual(world.shown.map((each) => each.redirectUri), [redirectUri, redirectUri])
      }))
  }

  it.scopedLive("that is refused for the host that the caller names is an error, which names the option", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const options = { fetch: refusing("127.0.0.1", 403, null), callback: { host: "127.0.0.1" as const } }
      const { oauth } = yield* world.open(options)
      const error = yield* Effect.flip(oauth.login)
      assert.deepInclude(error, { _tag: "RegistrationError", reason: "Rejected", status: 403 })
      assert.include(error.message, "callback.host")
      assert.deepStrictEqual([world.authorizationServer.count("register"), world.windows()], [0, 0])
    }))

  for (const status of [400, 403, 422]) {
    it.scopedLive(`that is refused for its scopes with ${status} is made without`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world()
        world.authorizationServer.fail("register", { error: "insufficient_scope", status })
        const { oauth } = yield* world.open()
        yield* oauth.login
        const scopes = sent(world, "register").map(({ body }) => (body as Document).scope)
        assert.deepStrictEqual(scopes, ["mcp offline_access", undefined])
      }))
  }

  it.scopedLive("that names its own way to send the secret is heeded, whatever the metadata lists", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({
        authorizationServer: {
          authMethods: ["client_secret_post"],
          metadata: (document) => ({ ...document, token_endpoint_auth_methods_supported: ["none"] })
        }
      })
      const { oauth } = yield* world.open()
      yield* oauth.login
      assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
    }))

  it.scopedLive("that is refused without scopes is not asked for again", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({ server: { metadata: ({ scopes_supported: _, ...rest }) => rest } })
      world.authorizationServer.fail("register", { error: "invalid_client_metadata" })
      const { oauth } = yield* world.open()
      const error = yield* Effect.flip(oauth.login)
      assert.deepInclude(error, { _tag: "RegistrationError", reason: "Rejected", error: "invalid_client_metadata" })
      assert.strictEqual(world.authorizationServer.count("register"), 1)
    }))

  const odd: Readonly<Record<string, readonly [Fault, string]>> = {
    "a page of HTML": ["html", "InvalidResponse"],
    "an internal error": [{ status: 500 }, "ServerError"],
    "nothing": ["reset", "Unreachable"],
    "no client_id": [{ edit: ({ client_id: _, ...rest }) => rest }, "InvalidResponse"],
    "another address": [{ redirect: "https://other.example/register", status: 307 }, "InvalidResponse"]
  }
  for (const [answer, [fault, reason]] of Object.entries(odd)) {
    it.scopedLive(`that is answered with ${answer} is an error, and no window is opened`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world()
        world.authorizationServer.fail("register", fault)
        const { oauth } = yield* world.open()
        const error = yield* Effect.flip(oauth.login)
        assert.strictEqual(error._tag, "RegistrationError")
        assert.strictEqual("reason" in error ? error.reason : "", reason)
        assert.strictEqual(world.authorizationServer.count("register"), 1)
        assert.strictEqual(world.windows(), 0)
      }))
  }
})

describe("a registration that the server has forgotten", () => {
  it.scopedLive("is found out by a page that leads nowhere: the next sign-in registers anew", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      yield* world.signedIn
      world.authorizationServer.forgetClient(world.stored()?.client?.clientId ?? "")
      const { oauth } = yield* world.open({ callback: { timeout: "2 seconds" } })
      assert.strictEqual((yield* Effect.flip(oauth.login))._tag, "AuthorizationTimeout")
      assert.strictEqual(world.stuck.length, 1)
      yield* oauth.login
      assert.deepStrictEqual([world.authorizationServer.count("register"), world.windows()], [2, 3])
    }))

  for (const error of ["invalid_client", "unauthorized_client"]) {
    it.scopedLive(`is found out by ${error} at the token endpoint: it registers anew once, in the same sign-in`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world()
        yield* world.signedIn
        world.authorizationServer.fail("token", { error }, { grantType: "authorization_code" })
        const { oauth } = yield* world.open()
        yield* oauth.login
        assert.deepStrictEqual([world.authorizationServer.count("register"), world.windows()], [2, 3])
        assert.strictEqual(world.stored()?.client?.clientId, clientIds(world)[2])
        assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
      }))
  }

  it.scopedLive("is found out by an error in the answer: it registers anew once", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      yield* world.signedIn
      world.authorizationServer.knobs.authorize = { error: "unauthorized_client" }
      const { oauth } = yield* world.open()
      const error = yield* Effect.flip(oauth.login)
      assert.deepInclude(error, { _tag: "AuthorizationDenied", error: "unauthorized_client" })
      assert.deepStrictEqual([world.authorizationServer.count("register"), world.windows()], [2, 3])
    }))

  it.scopedLive("and forgets the new one too: that is an error, and not a third registration", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      yield* world.signedIn
      world.authorizationServer.fail("token", { error: "invalid_client" }, { times: Infinity })
      const { oauth } = yield* world.open()
      const error = yield* Effect.flip(oauth.login)
      assert.deepInclude(error, { _tag: "TokenError", reason: "Rejected", error: "invalid_client" })
      assert.deepStrictEqual([world.authorizationServer.count("register"), world.windows()], [2, 3])
    }))

  it.scopedLive("and was made by hand: that is an error that says what to check", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const { oauth } = yield* world.open({ client: { clientId: "by-hand", clientSecret: Redacted.make("wrong") } })
      addByHand(world, "client_secret_basic", "right")
      const error = yield* Effect.flip(oauth.login)
      assert.deepInclude(error, { _tag: "TokenError", reason: "Rejected", error: "invalid_client" })
      assert.include(error.message, "client.clientSecret")
      assert.deepStrictEqual([world.authorizationServer.count("register"), world.windows()], [0, 1])
    }))
})
