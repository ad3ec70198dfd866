/** A person is asked once: whatever servers and persons do, requests do not open one browser window after the other. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { Options } from "../fixtures/ScriptedAuthorizationServer.ts"

const { call, word } = McpHarness

const always = { times: Number.POSITIVE_INFINITY }
const onCode = { grantType: "authorization_code", ...always }
const onRefresh = { grantType: "refresh_token", ...always }

/** Requests one after the other. */
const inTurn = (count: number, run: (index: number) => Effect.Effect<McpHarness.Outcome>) =>
  Effect.forEach(Array.from({ length: count }, (_, index) => index), run)

/** A server that goes wrong, the reason that later requests fail with, and how it went wrong. */
interface Storm {
  readonly what: string
  readonly reason: string
  readonly authorizationServer?: Options
  readonly begin: (world: McpHarness.World) => void
}

const storms: ReadonlyArray<Storm> = [
  {
    what: "refuses every token",
    reason: "Rejected",
    begin: ({ server }) => void (server.knobs.refuseAll = true)
  },
  ...["invalid_grant", "invalid_client", "unauthorized_client"].map((error): Storm => ({
    what: `refuses every token, and every refresh with ${error}`,
    reason: "Rejected",
    begin: ({ authorizationServer, server }) => {
      server.knobs.refuseAll = true
      authorizationServer.fail("token", { error }, onRefresh)
    }
  })),
  ...[0.001, 1, undefined].map((expiresIn): Storm => ({
    what: `refuses every token, each of ${expiresIn ?? "no known number of"} seconds and without a refresh token`,
    reason: "Rejected",
    authorizationServer: { expiresIn, refreshTokens: "never" },
    begin: ({ server }) => void (server.knobs.refuseAll = true)
  })),
  {
    what: "refuses every token, each with a refresh token and over at once",
    reason: "Rejected",
    authorizationServer: { expiresIn: 0.001 },
    begin: ({ server }) => void (server.knobs.refuseAll = true)
  },
  {
    what: "has a person who says no",
    reason: "Declined",
    begin: ({ authorizationServer }) => void (authorizationServer.knobs.authorize = { error: "access_denied" })
  },
  ...["server_error", "invalid_scope", "temporarily_unavailable"].map((error): Storm => ({
    what: `ends every sign-in with ${error}`,
    reason: "Failed",
    begin: ({ authorizationServer }) => void (authorizationServer.knobs.authorize = { error })
  })),
  {
    what: "sends every answer with another issuer",
    reason: "Failed",
    begin: ({ authorizationServer }) => void (authorizationServer.knobs.issSent = "wrong")
  },
  ...["invalid_grant", "invalid_client", "server_error"].map((error): Storm => ({
    what: `fails every exchange with ${error}`,
    reason: "Failed",
    begin: ({ authorizationServer }) => authorizationServer.fail("token", { error }, onCode)
  })),
  {
    what: "cuts every exchange",
    reason: "Failed",
    begin: ({ authorizationServer }) => authorizationServer.fail("token", "reset", onCode)
  },
  {
    what: "has nobody who answers",
    reason: "TimedOut",
    begin: ({ authorizationServer }) => void (authorizationServer.knobs.authorize = "page")
  }
]

const open = (world: McpHarness.World) => world.open({ callback: { timeout: "400 millis" } })

describe("several objects on one store", () => {
  const declines = ({ authorizationServer }: McpHarness.World) =>
    void (authorizationServer.knobs.authorize = { error: "access_denied" })

  it.scopedLive("open one window when the person says no, also those that waited for their turn", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      declines(world)
      const objects = yield* Effect.replicateEffect(open(world), 6)
      const outcomes = yield* Effect.all(objects.map(({ oauth }) => call(oauth, world.server.url)), {
        concurrency: "unbounded"
      })
      assert.strictEqual(world.authorizationServer.windows(), 1, outcomes.map(word).join(" "))
      const { oauth } = yield* open(world)
      assert.deepInclude((yield* call(oauth, world.server.url)) as object, {
        _tag: "InteractionRequired",
        reason: "Declined"
      })
      assert.strictEqual(world.authorizationServer.windows(), 1)
    }))

  it.scopedLive("open another one when the program asks for it by any of them", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      declines(world)
      const [first, second] = [yield* open(world), yield* open(world)]
      yield* call(first.oauth, world.server.url)
      yield* Effect.ignore(second.oauth.ensure)
      assert.strictEqual(world.authorizationServer.windows(), 2)
      yield* Effect.ignore(second.oauth.login)
      assert.strictEqual(world.authorizationServer.windows(), 3)
    }))
})

describe("a server that approves at once, and", () => {
  for (const { authorizationServer, begin, reason, what } of storms) {
    it.scopedLive(`${what}: one window for ten requests, and one more when the program asks`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world(authorizationServer === undefined ? {} : { authorizationServer })
        const { server } = world
        begin(world)
        const { oauth } = yield* open(world)
        const outcomes = yield* inTurn(10, () => call(oauth, server.url))
        assert.strictEqual(world.authorizationServer.windows(), 1, outcomes.map(word).join(" "))
        assert.isAtMost(world.authorizationServer.count("register"), 1)
        for (const outcome of outcomes.slice(1)) {
          // A token whose time is over is refreshed for each request, and the server's own answer is the last word.
          if (!what.endsWith("over at once")) {
            assert.deepInclude(outcome as object, { _tag: "InteractionRequired", reason })
          }
        }
        yield* Effect.ignore(oauth.ensure)
        yield* inTurn(5, () => call(oauth, server.url))
        // Where a refresh brings another token each time, no person is needed.
        const asked = what.endsWith("over at once") ? world.authorizationServer.windows() : 2
        assert.isAtMost(asked, 2)
        assert.strictEqual(world.authorizationServer.windows(), asked)
        yield* Effect.ignore(oauth.login)
        yield* inTurn(5, () => call(oauth, server.url))
        assert.strictEqual(world.authorizationServer.windows(), asked + 1)
      }))

    it.scopedLive(`${what}: one window for ten requests of somebody who was signed in`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world(authorizationServer === undefined ? {} : { authorizationServer })
        const { server, windows } = world
        yield* world.signedIn
        world.authorizationServer.revokeAll()
        begin(world)
        const { oauth } = yield* open(world)
        yield* inTurn(10, () => call(oauth, server.url))
        // A registration that the server knows no more costs a second one: the first could not be foreseen to fail.
        assert.isAtMost(windows() - 1, what.includes("exchange with invalid_client") ? 2 : 1)
      }))
  }

  it.scopedLive("takes every other token: three windows within ten minutes", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, windows } = yield* McpHarness.world({
        authorizationServer: { refreshTokens: "never" }
      })
      const { oauth } = yield* open()
      const broken = `${server.origin}/broken`
      server.knobs.requiredScopes = () => []
      const verify = server.knobs.verify ?? authorizationServer.verify
      let isBroken = false
      server.knobs.verify = (token, resource) => isBroken ? Promise.resolve(undefined) : verify(token, resource)
      yield* inTurn(20, (index) => {
        isBroken = index % 2 === 1
        return call(oauth, isBroken ? broken : server.url)
      })
      assert.isAtMost(windows(), 3)
    }))

  it.scopedLive("wants another scope each time: three step-ups in all, and no address that grows for ever", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server } = yield* McpHarness.world()
      const { oauth } = yield* open()
      assert.strictEqual(yield* call(oauth, server.url), 200)
      let next = 0
      server.knobs.requiredScopes = ({ path }) => path === "/more" ? [`scope-${next++}`] : []
      const outcomes = yield* inTurn(12, () => call(oauth, `${server.origin}/more`))
      assert.deepStrictEqual(outcomes.map(word), Array(12).fill(403))
      assert.strictEqual(authorizationServer.windows(), 1 + 3)
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(authorizationServer.windows(), 1 + 3)
    }))

  it.scopedLive("wants scopes of 8 KB: no window, or an address that a browser opens", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, shown } = yield* McpHarness.world()
      const { oauth } = yield* open()
      assert.strictEqual(yield* call(oauth, server.url), 200)
      let next = 0
      const many = () => Array.from({ length: 300 }, () => `a-scope-of-some-length-${next++}`)
      server.knobs.requiredScopes = ({ path }) => path === "/more" ? many() : []
      yield* inTurn(10, () => call(oauth, `${server.origin}/more`))
      server.knobs.requiredScopes = ({ path }) => path === "/write" ? ["write"] : []
      assert.strictEqual(yield* call(oauth, `${server.origin}/write`), 200)
      assert.isAtMost(authorizationServer.windows(), 1 + 3)
      for (const { url } of shown) assert.isBelow(url.href.length, 8000)
    }))
})
