/** The traps of the MCP SDK's own sign-in, one by one: races, and what goes on after the end. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { inspect } from "node:util"
import { until } from "../fixtures/Harness.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { Endpoint } from "../fixtures/ScriptedAuthorizationServer.ts"
import * as StandInBrowser from "../fixtures/StandInBrowser.ts"

/** Long enough for anything that comes late to have come. */
const late = Effect.sleep("400 millis")

/** Waits until an authorization server got a request. */
const untilAsked = ({ authorizationServer }: McpHarness.World, endpoint: Endpoint) =>
  until(() => authorizationServer.count(endpoint) > 0)

describe("trap 17: after the scope has closed", () => {
  for (const endpoint of ["metadata", "register"] as const) {
    it.scopedLive(`while ${endpoint} was asked for, no window is opened and nothing is written`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world()
        world.authorizationServer.fail(endpoint, { delayMillis: 200 })
        const { close, oauth } = yield* world.open()
        const calling = yield* McpHarness.started(McpHarness.call(oauth, world.server.url))
        yield* untilAsked(world, endpoint)
        yield* close
        assert.strictEqual(McpHarness.word(yield* calling), "Closed")
        yield* late
        assert.deepStrictEqual([world.windows(), world.store.writes.length, world.notices], [0, 0, []])
      }))
  }

  it.scopedLive("while a person was signing in, the answer is worth nothing", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.person.mode = "waits"
      const { close, oauth } = yield* world.open()
      const calling = yield* McpHarness.started(McpHarness.call(oauth, world.server.url))
      yield* world.untilShown(1)
      yield* close
      assert.strictEqual(McpHarness.word(yield* calling), "Closed")
      assert.strictEqual(world.waiting(), 0)
      const url = world.shown[0]?.url ?? ""
      yield* Effect.flip(StandInBrowser.make().visit(url, { follow: true }))
      const { callbackUrl } = yield* StandInBrowser.make().visit(url, { follow: false })
      yield* world.paste(callbackUrl)
      yield* late
      assert.strictEqual(world.authorizationServer.count("token"), 0)
      assert.isUndefined(world.stored()?.tokens)
    }))

  for (const what of ["exchanged", "refreshed"] as const) {
    it.scopedLive(`while tokens were being ${what}, they are kept before it is closed, and not written later`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world({ authorizationServer: { refreshLatency: 200 } })
        if (what === "refreshed") yield* world.signedIn
        const before = McpHarness.accessTokenOf(world.stored())
        world.authorizationServer.expireAll()
        world.authorizationServer.fail("token", { delayMillis: 200 }, { grantType: "authorization_code" })
        const { close, oauth } = yield* world.open()
        const calling = yield* McpHarness.started(McpHarness.call(oauth, world.server.url))
        const count = world.authorizationServer.count("token") + 1
        yield* until(() => world.authorizationServer.count("token") >= count)
        yield* close
        const kept = McpHarness.accessTokenOf(world.stored())
        assert.isString(kept)
        assert.notStrictEqual(kept, before)
        const writes = world.store.writes.length
        assert.strictEqual(McpHarness.word(yield* calling), "Closed")
        yield* late
        assert.strictEqual(world.store.writes.length, writes)
      }))
  }

  it.scopedLive("nothing of it does anything: not fetch, not login, not a provider that was taken before", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const { close, oauth } = yield* world.open()
      const { provider } = oauth
      yield* close
      assert.strictEqual(McpHarness.word(yield* McpHarness.call(oauth, world.server.url)), "Closed")
      for (const effect of [oauth.ensure, oauth.login, oauth.logout]) {
        assert.strictEqual((yield* Effect.flip(effect))._tag, "Closed")
      }
      const tried = [
        () => provider.tokens(),
        () => provider.saveTokens({ access_token: "late", token_type: "Bearer" }),
        () => provider.redirectToAuthorization(new URL("https://as.example/authorize")),
        () => provider.clientInformation(),
        () => provider.state(),
        () => provider.saveCodeVerifier("late"),
        () => provider.codeVerifier()
      ]
      for (const attempt of tried) {
        const outcome = yield* Effect.promise(async () => {
          try {
            return await attempt()
          } catch (error) {
            return error
          }
        })
        assert.strictEqual((outcome as { readonly _tag?: string } | undefined)?._tag, "Closed")
      }
      yield* late
      assert.deepStrictEqual([world.windows(), world.store.writes.length], [0, 0])
      assert.deepStrictEqual(world.authorizationServer.requests, [])
    }))
})

describe("trap 18: sign-ins that overlap", () => {
  it.scopedLive("have each their own state, verifier and address, and all succeed", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.person.mode = "waits"
      const accounts = ["one", "two", "three"]
      const signIns = yield* Effect.forEach(accounts, (account) =>
        Effect.flatMap(world.open({ account }), ({ oauth }) =>
          McpHarness.started(Effect.either(oauth.login))))
      yield* world.untilShown(3)
      for (const name of ["state", "code_challenge", "redirect_uri"]) {
        assert.strictEqual(
          new Set(world.shown.map(({ url }) =>
            url.searchParams.get(name)
          )).size,
          3
        )
      }
      yield* world.answer
      for (const signIn of signIns) assert.strictEqual((yield* signIn)._tag, "Right")
      const tokens = accounts.map((account) => McpHarness.accessTokenOf(world.store.peek(world.server.url, account)))
      assert.strictEqual(new Set(tokens).size, 3)
    }))

  it.scopedLive("of two providers see nothing of each other", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const { oauth } = yield* world.open()
      const [one, other] = [oauth.provider, oauth.provider]
      one.saveCodeVerifier("first")
      other.saveCodeVerifier("second")
      assert.deepStrictEqual([one.codeVerifier(), other.codeVerifier()], ["first", "second"])
      assert.notStrictEqual(one.state(), other.state())
    }))
})

it.scopedLive("trap 19: a registration is kept as it was made, whatever comes after it, and no SDK writes it", () =>
  Effect.gen(function* () {
    const world = yield* McpHarness.world({ authorizationServer: { authMethods: ["client_secret_basic"] } })
    world.authorizationServer.fail("register", {
      edit: (document) => ({ ...document, registration_access_token: "to change it", issuer: "of the server" })
    })
    const { oauth } = yield* world.open()
    yield* oauth.login
    const client = world.stored()?.client
    for (let refreshes = 1; refreshes <= 2; refreshes++) {
      assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
      world.authorizationServer.expireAll()
      assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
      assert.strictEqual(world.authorizationServer.refreshes(), refreshes)
    }
    const clients = world.store.writes.map(({ credentials }) => credentials?.client)
    assert.strictEqual(clients.length, 4)
    for (const each of clients) assert.deepStrictEqual(each, client)
    assert.notProperty(oauth.provider, "saveClientInformation")
  }))

describe("trap 20: a pasted code", () => {
  it.scopedLive("alone, or with the state of another sign-in, is refused; the whole address finishes it", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.person.mode = "waits"
      const { oauth } = yield* world.open()
      const signingIn = yield* McpHarness.started(Effect.either(oauth.login))
      yield* world.untilShown(1)
      const { callbackUrl } = yield* StandInBrowser.make().visit(world.shown[0]?.url ?? "", { follow: false })
      const foreign = new URL(callbackUrl)
      foreign.searchParams.set("state", "another")
      const stateless = new URL(callbackUrl)
      stateless.searchParams.delete("state")
      const code = foreign.searchParams.get("code") ?? ""
      for (const text of [code, `code=${code}`, stateless.href, foreign.href]) yield* world.paste(text)
      yield* until(() => world.notices.length >= 4)
      assert.deepStrictEqual(world.notices.map(({ _tag }) => _tag), Array(4).fill("PasteRefused"))
      assert.strictEqual(world.authorizationServer.count("token"), 0)
      assert.notInclude(inspect(world.notices, { depth: 10 }), code)
      yield* world.paste(callbackUrl)
      assert.strictEqual((yield* signingIn)._tag, "Right")
    }))

  it.scopedLive("with its whole address goes to the sign-in that it is for", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      world.person.mode = "waits"
      const login = (account: string) =>
        Effect.flatMap(world.open({ account }), ({ oauth }) => McpHarness.started(Effect.either(oauth.login)))
      const one = yield* login("one")
      yield* world.untilShown(1)
      const other = yield* login("other")
      yield* world.untilShown(2)
      for (const [index, signingIn] of [[1, other], [0, one]] as const) {
        const { callbackUrl } = yield* StandInBrowser.make().visit(world.shown[index]?.url ?? "", { follow: false })
        yield* world.paste(callbackUrl)
        assert.strictEqual((yield* signingIn)._tag, "Right")
        assert.strictEqual(world.waiting(), index)
      }
      const told = world.notices.map((notice) => "id" in notice ? `${notice._tag} ${notice.id}` : notice._tag)
      assert.deepStrictEqual(
        told,
        [1, 0].flatMap((index) => ["PasteAccepted", "SignInEnded"].map((tag) => `${tag} ${world.shown[index]?.id}`))
      )
    }))
})
