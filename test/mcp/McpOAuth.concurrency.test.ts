/** Many requests at once: one refresh, one sign-in, one window for all who need it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as AuthorizationServer from "../fixtures/AuthorizationServer.ts"
import { pause, until } from "../fixtures/Harness.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import * as ProtectedServer from "../fixtures/ProtectedServer.ts"
import * as ScriptedAuthorizationServer from "../fixtures/ScriptedAuthorizationServer.ts"

const { accessTokenOf, call, open, word } = McpHarness

const times = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, index) => index)

/** As many requests as said, all at once: their outcomes, each with how many had it. */
const calls = (count: number, run: () => Effect.Effect<McpHarness.Outcome>) =>
  Effect.map(Effect.all(times(count).map(run), { concurrency: "unbounded" }), (outcomes) => {
    const counts: Record<string, number> = {}
    for (const outcome of outcomes.map(word)) counts[outcome] = (counts[outcome] ?? 0) + 1
    return counts
  })

/** How the access tokens of thirty servers have ended, and who notices first. */
const endings = ["the server refuses it", "its time is over"] as const

/** Thirty servers of one authorization server, each signed in by an earlier run. */
const thirty = (authorizationServer: ProtectedServer.Options["authorizationServer"]) =>
  Effect.gen(function* () {
    const harness = yield* McpHarness.make
    const servers = yield* Effect.all(times(30).map(() => ProtectedServer.make({ authorizationServer })))
    yield* Effect.forEach(
      servers,
      ({ url }) => Effect.scoped(Effect.flatMap(open(harness, { serverUrl: url }), ({ oauth }) => oauth.ensure)),
      { concurrency: "unbounded" }
    )
    yield* harness.settled
    assert.strictEqual(harness.windows(), 30)
    const expire = (how: typeof endings[number]) => {
      for (const server of servers) {
        const credentials = harness.store.peek(server.url)
        if (credentials?.tokens === undefined) throw new Error("not signed in")
        if (how === "its time is over") {
          harness.store.poke(server.url, {
            ...credentials,
            tokens: { ...credentials.tokens, expiresAt: Date.now() - 1000 }
          })
        }
        const old = accessTokenOf(credentials)
        server.knobs.verify = (token, resource) =>
          token === old ? Promise.resolve(undefined) : authorizationServer.verify(token, resource)
      }
    }
    const fivefold = Effect.forEach(
      servers,
      ({ url }) => Effect.flatMap(open(harness, { serverUrl: url }), ({ oauth }) => calls(5, () => call(oauth, url))),
      { concurrency: "unbounded" }
    )
    return { ...harness, expire, fivefold, servers }
  })

describe("McpOAuth", () => {
  for (const how of endings) {
    it.scopedLive(
      `refreshes once for each of 30 servers with 5 calls each, where ${how} (oidc-provider)`,
      () =>
        Effect.gen(function* () {
          const authorizationServer = yield* AuthorizationServer.make()
          const { expire, fivefold, windows } = yield* thirty(authorizationServer)
          expire(how)
          assert.deepStrictEqual(yield* fivefold, times(30).map(() => ({ 200: 5 })))
          assert.strictEqual(authorizationServer.refreshes(), 30)
          assert.strictEqual(windows(), 30, "no window beside those of the first run")
          assert.strictEqual(authorizationServer.authorizations(), 30)
        }),
      60_000
    )

    it.scopedLive(
      `refreshes once for each of 30 servers with 5 calls each, where ${how} (reuse detected)`,
      () =>
        Effect.gen(function* () {
          const authorizationServer = yield* ScriptedAuthorizationServer.make({ refreshLatency: 50 })
          const { expire, fivefold, store, windows, servers } = yield* thirty(authorizationServer)
          for (const round of [1, 2]) {
            expire(how)
            assert.deepStrictEqual(yield* fivefold, times(30).map(() => ({ 200: 5 })))
            assert.strictEqual(authorizationServer.refreshes(), 30 * round)
            assert.strictEqual(authorizationServer.count("token", "refresh_token"), 30 * round)
          }
          assert.strictEqual(authorizationServer.reuses(), 0)
          assert.strictEqual(windows(), 30, "no window beside those of the first run")
          // What is stored is what the server takes.
          for (const { url } of servers) {
            const token = accessTokenOf(store.peek(url)) ?? ""
            assert.isDefined(yield* Effect.promise(() => authorizationServer.verify(token, url)))
          }
        }),
      60_000
    )
  }

  it.scopedLive("answers 200 requests without a token by one flow in one window", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, person, server, answer, untilShown, windows } = yield* McpHarness.world()
      person.mode = "waits"
      const { oauth } = yield* open()
      const all = yield* Effect.fork(calls(200, () => call(oauth, server.url, { method: "POST", body: "{}" })))
      yield* untilShown(1)
      // Every one of them has been refused and waits.
      yield* until(() => server.count("resource", 401) >= 200)
      yield* answer
      assert.deepStrictEqual(yield* Fiber.join(all), { 200: 200 })
      assert.strictEqual(windows(), 1)
      assert.strictEqual(authorizationServer.windows(), 1)
      assert.strictEqual(authorizationServer.count("register"), 1)
      assert.strictEqual(authorizationServer.count("token"), 1)
      assert.strictEqual(server.count("resource"), 400)
    }))

  it.scopedLive("answers 200 requests without a token by one flow in one window (oidc-provider)", () =>
    Effect.gen(function* () {
      const authorizationServer = yield* AuthorizationServer.make()
      const server = yield* ProtectedServer.make({ authorizationServer })
      const harness = yield* McpHarness.make
      const { oauth } = yield* open(harness, { serverUrl: server.url })
      assert.deepStrictEqual(yield* calls(200, () => call(oauth, server.url)), { 200: 200 })
      assert.strictEqual(harness.windows(), 1)
      assert.strictEqual(authorizationServer.authorizations(), 1)
    }))

  it.scopedLive("lets requests that come while somebody signs in wait for it, unsent", () =>
    Effect.gen(function* () {
      const { answer, open, person, server, untilShown, windows } = yield* McpHarness.world()
      person.mode = "waits"
      const { oauth } = yield* open()
      const first = yield* McpHarness.started(call(oauth, server.url))
      yield* untilShown(1)
      const refused = server.count("resource")
      const rest = yield* Effect.fork(calls(20, () => call(oauth, server.url)))
      yield* pause(50)
      assert.strictEqual(server.count("resource"), refused)
      yield* answer
      assert.strictEqual(yield* first, 200)
      assert.deepStrictEqual(yield* Fiber.join(rest), { 200: 20 })
      assert.strictEqual(server.count("resource"), refused + 21)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("repeats a request whose old token is refused late with the current one, and starts nothing", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, signedIn, windows } = yield* McpHarness.world()
      yield* signedIn
      const { oauth } = yield* open()
      authorizationServer.expireAll()
      // It is refused with the old token, but hears of it when there is a new one for a while.
      server.knobs.latency = ({ path }) => path === "/late" ? 400 : 0
      const late = yield* McpHarness.started(call(oauth, `${server.origin}/late`))
      yield* pause(50)
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(authorizationServer.refreshes(), 1)
      assert.strictEqual(yield* late, 200)
      assert.strictEqual(authorizationServer.count("token", "refresh_token"), 1)
      assert.strictEqual(authorizationServer.count("metadata"), 2, "nothing was looked up again")
      assert.strictEqual(windows(), 1)
      assert.deepStrictEqual(server.requests.filter(({ path }) => path === "/late").map(({ status }) => status), [
        401,
        200
      ])
    }))

  it.scopedLive("two of one store and key: one window, one refresh, one registration", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, windows } = yield* McpHarness.world()
      const pair = yield* Effect.all([open(), open(), open()])
      const all = () =>
        Effect.all(pair.map(({ oauth }) => calls(5, () => call(oauth, server.url))), { concurrency: "unbounded" })
      assert.deepStrictEqual(yield* all(), [{ 200: 5 }, { 200: 5 }, { 200: 5 }])
      assert.strictEqual(windows(), 1)
      assert.strictEqual(authorizationServer.count("register"), 1)
      authorizationServer.knobs.refreshLatency = 50
      authorizationServer.expireAll()
      assert.deepStrictEqual(yield* all(), [{ 200: 5 }, { 200: 5 }, { 200: 5 }])
      assert.strictEqual(authorizationServer.count("token", "refresh_token"), 1)
      assert.strictEqual(authorizationServer.reuses(), 0)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("two of one store and key with nothing left to refresh with: one window", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, signedIn, windows } = yield* McpHarness.world()
      yield* signedIn
      const pair = yield* Effect.all([open(), open()])
      const all = () => Effect.all(pair.map(({ oauth }) => call(oauth, server.url)), { concurrency: "unbounded" })
      assert.deepStrictEqual(yield* all(), [200, 200])
      authorizationServer.revokeAll()
      assert.deepStrictEqual(yield* all(), [200, 200])
      assert.strictEqual(windows(), 2)
      assert.strictEqual(authorizationServer.reuses(), 0)
    }))

  it.scopedLive("servers are independent: one that hangs holds up no other", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const stuck = yield* ProtectedServer.make({ authorizationServer: world.authorizationServer })
      stuck.fail("metadata", "hang", { times: Number.POSITIVE_INFINITY })
      const slow = yield* open(world, { serverUrl: stuck.url })
      const waiting = yield* Effect.forkDaemon(call(slow.oauth, stuck.url))
      const quick = yield* world.open()
      assert.strictEqual(yield* call(quick.oauth, world.server.url), 200)
      assert.isNull(waiting.unsafePoll())
      yield* slow.close
      assert.strictEqual(word(yield* Fiber.join(waiting)), "Closed")
    }))
})
