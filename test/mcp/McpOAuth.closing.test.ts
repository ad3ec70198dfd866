/** Closing: all who wait are told, what was spent is kept, and after it nothing goes on. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import { pause, timed, until } from "../fixtures/Harness.ts"
import * as Leaks from "../fixtures/Leaks.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { World } from "../fixtures/McpHarness.ts"

const { accessTokenOf, call, isPortFree, started, word } = McpHarness

const onCode = { grantType: "authorization_code" }
const onRefresh = { grantType: "refresh_token" }

/** The tag an effect fails with. */
const failure = <A, E extends { readonly _tag: string }>(effect: Effect.Effect<A, E>): Effect.Effect<string> =>
  Effect.match(effect, { onFailure: ({ _tag }) => _tag, onSuccess: () => "it succeeded" })

/** What an `McpOAuth` is in the middle of when it is closed, and how it gets there. */
const moments: ReadonlyArray<
  readonly [what: string, windows: number, arrive: (world: World) => Effect.Effect<unknown>]
> = [
  ["waiting for the browser", 1, (world) => {
    world.person.mode = "waits"
    return world.untilShown(1)
  }],
  ["finding out where to sign in", 0, (world) => {
    world.authorizationServer.fail("metadata", "hang")
    return until(() => world.authorizationServer.count("metadata") === 1)
  }],
  ["registering", 0, (world) => {
    world.authorizationServer.fail("register", "hang")
    return until(() => world.authorizationServer.count("register") === 1)
  }],
  ["exchanging", 1, (world) => {
    world.authorizationServer.fail("token", "hang", onCode)
    return until(() => world.authorizationServer.count("token") === 1)
  }]
]

describe("McpOAuth, closed", () => {
  for (const [what, windows, arrive] of moments) {
    it.live(`while ${what}: all who wait are told, and nothing is left or written`, () =>
      Effect.gen(function* () {
        const before = Leaks.held()
        yield* Effect.scoped(Effect.gen(function* () {
          const world = yield* McpHarness.world()
          const { close, oauth } = yield* world.open()
          const requests = yield* Effect.all([1, 2, 3].map(() => started(call(oauth, world.server.url))))
          const ensuring = yield* started(failure(oauth.ensure))
          yield* arrive(world)
          const { millis } = yield* timed(close)
          assert.isBelow(millis, 1000)
          for (const request of requests) assert.strictEqual(word(yield* request), "Closed")
          assert.strictEqual(yield* ensuring, "Closed")
          const writes = world.store.writes.length
          assert.strictEqual(world.waiting(), 0)
          if (windows > 0) assert.isTrue(yield* isPortFree(world))
          // The person answers all the same.
          world.authorizationServer.heal()
          if (windows > 0) {
            yield* Effect.promise(() =>
              fetch(world.shown[0]?.url ?? "").then((answer) => answer.text()).catch(() => {})
            )
          }
          yield* pause(700)
          assert.strictEqual(world.store.writes.length, writes)
          assert.isUndefined(world.stored()?.tokens)
          assert.strictEqual(world.windows(), windows)
          yield* world.settled
        }))
        assert.deepStrictEqual(yield* Effect.promise(() => Leaks.leaked(before)), [])
      }))
  }

  it.live("while refreshing with an answer that never comes: all is kept, and nothing is left", () =>
    Effect.gen(function* () {
      const before = Leaks.held()
      yield* Effect.scoped(Effect.gen(function* () {
        const world = yield* McpHarness.world()
        yield* world.signedIn
        const kept = world.stored()
        world.authorizationServer.expireAll()
        world.authorizationServer.fail("token", "hang", onRefresh)
        const { close, oauth } = yield* world.open()
        const requests = yield* Effect.all([1, 2, 3].map(() => started(call(oauth, world.server.url))))
        yield* until(() => world.authorizationServer.count("token", "refresh_token") === 1)
        const { millis } = yield* timed(close)
        assert.isBelow(millis, 1000)
        for (const request of requests) assert.strictEqual(word(yield* request), "Closed")
        assert.deepStrictEqual(world.stored(), kept)
        assert.strictEqual(world.windows(), 1)
      }))
      assert.deepStrictEqual(yield* Effect.promise(() => Leaks.leaked(before)), [])
    }))

  for (const [grant, options] of [["exchange", onCode], ["refresh", onRefresh]] as const) {
    it.scopedLive(
      `keeps what an ${grant} brings within half a second`.replace("an refresh", "a refresh"),
      () =>
        Effect.gen(function* () {
          const { authorizationServer, open, server, signedIn, store, stored, windows } = yield* McpHarness.world()
          if (grant === "refresh") {
            yield* signedIn
            authorizationServer.expireAll()
          }
          const before = accessTokenOf(stored())
          const count = authorizationServer.count("token")
          authorizationServer.fail("token", { delayMillis: 250 }, options)
          const { close, oauth } = yield* open()
          const request = yield* started(call(oauth, server.url))
          yield* until(() => authorizationServer.count("token") === count + 1)
          const { millis } = yield* timed(close)
          assert.isBelow(millis, 1000)
          assert.strictEqual(word(yield* request), "Closed")
          const token = accessTokenOf(stored())
          assert.notStrictEqual(token, before)
          assert.isDefined(yield* Effect.promise(() => authorizationServer.verify(token ?? "", server.url)))
          const writes = store.writes.length
          yield* pause(300)
          assert.strictEqual(store.writes.length, writes)
          // The next run needs nobody.
          const next = yield* open()
          assert.strictEqual(yield* call(next.oauth, server.url), 200)
          assert.strictEqual(windows(), 1)
          assert.strictEqual(authorizationServer.reuses(), 0)
        })
    )

    it.scopedLive(`keeps what the ${grant} brings later than that too, while the program goes on`, () =>
      Effect.gen(function* () {
        const { authorizationServer, open, server, signedIn, stored, windows } = yield* McpHarness.world()
        if (grant === "refresh") {
          yield* signedIn
          authorizationServer.expireAll()
        }
        const before = accessTokenOf(stored())
        const count = authorizationServer.count("token")
        authorizationServer.fail("token", { delayMillis: 900 }, options)
        const { close, oauth } = yield* open()
        const request = yield* started(call(oauth, server.url))
        yield* until(() => authorizationServer.count("token") === count + 1)
        const { millis } = yield* timed(close)
        assert.isBelow(millis, 1000)
        assert.strictEqual(word(yield* request), "Closed")
        assert.strictEqual(accessTokenOf(stored()), before)
        // Another one that is made meanwhile waits for it, and asks nobody.
        const next = yield* open()
        assert.strictEqual(yield* call(next.oauth, server.url), 200)
        assert.notStrictEqual(accessTokenOf(stored()), before)
        assert.strictEqual(authorizationServer.count("token"), count + 1)
        assert.strictEqual(authorizationServer.reuses(), 0)
        assert.strictEqual(windows(), 1)
      }))
  }

  it.scopedLive("everything fails with Closed from then on, and opens no window", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, signedIn, stored, windows } = yield* McpHarness.world()
      yield* signedIn
      const { close, oauth } = yield* open()
      assert.strictEqual(yield* call(oauth, server.url), 200)
      yield* close
      yield* close
      const sent = server.requests.length
      assert.strictEqual(word(yield* call(oauth, server.url)), "Closed")
      assert.strictEqual(word(yield* call(oauth, server.url, { method: "POST", body: "{}" })), "Closed")
      assert.strictEqual(yield* failure(oauth.ensure), "Closed")
      assert.strictEqual(yield* failure(oauth.login), "Closed")
      assert.strictEqual(yield* failure(oauth.logout), "Closed")
      assert.strictEqual(server.requests.length, sent)
      assert.strictEqual(authorizationServer.count("revoke"), 0)
      assert.isDefined(stored()?.tokens)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("a request that is refused after the close opens no window", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, signedIn, windows } = yield* McpHarness.world()
      yield* signedIn
      const { close, oauth } = yield* open()
      assert.strictEqual(yield* call(oauth, server.url), 200)
      authorizationServer.revokeAll()
      server.knobs.verify = () => Effect.runPromise(Effect.as(pause(200), undefined))
      const request = yield* started(call(oauth, server.url))
      yield* until(() => server.count("resource") > 1)
      yield* close
      assert.strictEqual(word(yield* request), "Closed")
      assert.strictEqual(authorizationServer.count("token"), 1)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("requests that wait for the server are told", () =>
    Effect.gen(function* () {
      const { open, server, signedIn } = yield* McpHarness.world()
      yield* signedIn
      const { close, oauth } = yield* open()
      assert.strictEqual(yield* call(oauth, server.url), 200)
      const before = server.count("resource")
      server.knobs.verify = () => Effect.runPromise(Effect.as(pause(1500), undefined))
      const { signal } = new AbortController()
      const requests = [
        yield* started(call(oauth, server.url)),
        yield* started(call(oauth, server.url, { method: "POST", body: "{}", signal }))
      ]
      yield* until(() => server.count("resource") === before + 2)
      const { millis } = yield* timed(close)
      for (const request of requests) assert.strictEqual(word(yield* Effect.timeout(request, "100 millis")), "Closed")
      assert.isBelow(millis, 1000)
    }))

  it.scopedLive("an answer that streams goes on after the close: it is the caller's", () =>
    Effect.gen(function* () {
      const { open, server } = yield* McpHarness.world()
      const { close, oauth } = yield* open()
      const response = yield* Effect.promise(() => oauth.fetch(`${server.origin}/stream?pieces=4&every=50`))
      yield* close
      assert.include(yield* Effect.promise(() => response.text()), "data: 4")
    }))

  it.scopedLive("one of two of a store: the other one's sign-in goes on", () =>
    Effect.gen(function* () {
      const { answer, open, person, server, untilShown, waiting, windows } = yield* McpHarness.world()
      person.mode = "waits"
      const first = yield* open()
      const second = yield* open()
      const one = yield* started(call(first.oauth, server.url))
      yield* untilShown(1)
      const two = yield* started(call(second.oauth, server.url))
      yield* pause(50)
      yield* first.close
      assert.strictEqual(word(yield* one), "Closed")
      // It waited for the first one's tokens, and now it is its turn to ask.
      yield* untilShown(2)
      assert.strictEqual(waiting(), 1)
      yield* answer
      assert.strictEqual(yield* two, 200)
      assert.strictEqual(windows(), 2)
    }))

  it.live("is over with the scope, also when that was interrupted", () =>
    Effect.gen(function* () {
      const before = Leaks.held()
      yield* Effect.scoped(Effect.gen(function* () {
        const world = yield* McpHarness.world()
        world.person.mode = "waits"
        const program = yield* Effect.fork(
          Effect.scoped(Effect.flatMap(world.open(), ({ oauth }) => call(oauth, world.server.url)))
        )
        yield* world.untilShown(1)
        const exit = yield* Fiber.interrupt(program)
        assert.isTrue(Exit.isInterrupted(exit))
        assert.strictEqual(world.waiting(), 0)
        assert.isTrue(yield* isPortFree(world))
      }))
      assert.deepStrictEqual(yield* Effect.promise(() => Leaks.leaked(before)), [])
    }))
})
