/** More than one authorization server: the MCP server moved to another one, or names several. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import * as McpHarness from "../fixtures/McpHarness.ts"
import * as ScriptedAuthorizationServer from "../fixtures/ScriptedAuthorizationServer.ts"

describe("a server that moved to another authorization server", () => {
  it.scopedLive("registers there, and shows it neither the old client nor the old refresh token", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({ authorizationServer: { authMethods: ["client_secret_post"] } })
      yield* world.signedIn
      const secrets = McpHarness.secretsOf(world.stored())
      assert.strictEqual(secrets.length, 3)
      const oldClient = world.stored()?.client?.clientId ?? ""
      const other = yield* ScriptedAuthorizationServer.make()
      world.server.knobs.authorizationServers = [other.issuer]
      world.server.knobs.verify = other.verify
      const before = world.authorizationServer.requests.length
      const { oauth } = yield* world.open()
      assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
      assert.strictEqual(world.stored()?.issuer, other.issuer)
      assert.deepStrictEqual([other.count("register"), other.windows(), other.count("token", "refresh_token")], [
        1,
        1,
        0
      ])
      const told = other.requests.map(({ headers, target, text }) => [target, text, headers.authorization].join(" "))
      for (const secret of [...secrets, oldClient]) assert.notInclude(told.join("\n"), secret)
      assert.strictEqual(world.authorizationServer.requests.length, before)
    }))

  it.scopedLive("and whose new one is dead: nothing of the old sign-in is lost", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      yield* world.signedIn
      const stored = world.stored()
      world.server.knobs.authorizationServers = ["http://127.0.0.1:9"]
      world.authorizationServer.expireAll()
      const { oauth } = yield* world.open()
      const outcome = yield* McpHarness.call(oauth, world.server.url)
      assert.strictEqual(McpHarness.word(outcome), "DiscoveryError")
      assert.deepStrictEqual(world.stored(), stored)
      assert.strictEqual(world.windows(), 1)
    }))
})

describe("several authorization servers", () => {
  const two = Effect.gen(function* () {
    const world = yield* McpHarness.world()
    const second = yield* ScriptedAuthorizationServer.make()
    const first = world.authorizationServer
    world.server.knobs.verify = async (token, resource) =>
      await first.verify(token, resource) ?? await second.verify(token, resource)
    return { world, first, second }
  })

  it.scopedLive("the first is used where nothing is known", () =>
    Effect.gen(function* () {
      const { first, second, world } = yield* two
      world.server.knobs.authorizationServers = [second.issuer, first.issuer]
      const { oauth } = yield* world.open()
      yield* oauth.ensure
      assert.strictEqual(world.stored()?.issuer, second.issuer)
      assert.deepStrictEqual(first.requests, [])
    }))

  for (const slash of ["", "/"]) {
    it.scopedLive(`the one of the stored tokens goes before the first${slash && ", also where a slash follows"}`, () =>
      Effect.gen(function* () {
        const { first, second, world } = yield* two
        yield* world.signedIn
        world.server.knobs.authorizationServers = [second.issuer, `${first.issuer}${slash}`]
        first.expireAll()
        const { oauth } = yield* world.open()
        assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
        assert.deepStrictEqual([first.refreshes(), second.requests.length, world.windows()], [1, 0, 1])
      }))
  }

  it.scopedLive("the one of a client made by hand goes before the first", () =>
    Effect.gen(function* () {
      const { first, second, world } = yield* two
      world.server.knobs.authorizationServers = [second.issuer, first.issuer]
      first.addClient({
        client_id: "by-hand",
        redirect_uris: ["http://127.0.0.1/callback"],
        token_endpoint_auth_method: "none"
      })
      const { oauth } = yield* world.open({ client: { clientId: "by-hand", issuer: first.issuer } })
      yield* oauth.ensure
      assert.strictEqual(world.stored()?.issuer, first.issuer)
      assert.deepStrictEqual(second.requests, [])
    }))
})

describe("a server that names another authorization server for a while", () => {
  const moves: Readonly<Record<string, (issuer: string) => Effect.Effect<string, never, Scope.Scope>>> = {
    "of another origin": () => Effect.orDie(Effect.map(ScriptedAuthorizationServer.make(), ({ issuer }) => issuer)),
    "that is not there": () => Effect.succeed("http://127.0.0.1:9"),
    "of another path": (issuer) => Effect.succeed(`${issuer}/tenant`)
  }
  for (const [what, move] of Object.entries(moves)) {
    it.scopedLive(`${what} costs an unattended program nothing: it goes on when the server is back`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world()
        yield* world.signedIn
        const before = world.stored()
        world.authorizationServer.expireAll()
        const { oauth } = yield* world.open({ interactive: false })
        world.server.knobs.authorizationServers = [yield* move(world.authorizationServer.issuer)]
        assert.include(
          ["InteractionRequired", "DiscoveryError"],
          McpHarness.word(yield* McpHarness.call(oauth, world.server.url))
        )
        assert.deepStrictEqual(world.stored(), before)
        world.server.knobs.authorizationServers = [world.authorizationServer.issuer]
        assert.strictEqual(yield* McpHarness.call(oauth, world.server.url), 200)
        assert.deepStrictEqual([world.authorizationServer.refreshes(), world.windows()], [1, 1])
      }))
  }

  it.scopedLive("and whose sign-in is given up leaves the old tokens where they are", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      yield* world.signedIn
      const before = world.stored()
      const other = yield* ScriptedAuthorizationServer.make()
      world.server.knobs.authorizationServers = [other.issuer]
      world.person.mode = "waits"
      const { close, oauth } = yield* world.open()
      const login = yield* McpHarness.started(Effect.either(oauth.login))
      yield* world.untilShown(2)
      yield* close
      yield* login
      assert.deepStrictEqual(world.stored(), before)
    }))
})
