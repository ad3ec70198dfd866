import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Exit, Fiber, Layer, Option, TestClock } from "effect"
import { CredentialStore } from "../../src/index.ts"
import type { McpOAuthOptions } from "../../src/mcp.ts"
import { keyText } from "../../src/core/mcp/Credentials.ts"
import { until } from "../fixtures/Harness.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import * as SharedTexts from "../fixtures/SharedTexts.ts"

/** Several processes of one person, as far as the store tells them apart. */
const world = Effect.gen(function* () {
  const harness = yield* McpHarness.world()
  const shared = SharedTexts.make()
  const process = (pid: number, options: Partial<McpOAuthOptions> = {}) =>
    Effect.gen(function* () {
      const store = shared.process(pid)
      const layer = Layer.merge(harness.layer, Layer.succeed(CredentialStore, store))
      const opened = yield* McpHarness.open({ layer }, { serverUrl: harness.server.url, ...options })
      return { ...opened, store, call: McpHarness.call(opened.oauth, harness.server.url) }
    })
  const elsewhere = () => harness.notices.filter(({ _tag }) => _tag === "SignInElsewhere")
  return { ...harness, shared, process, elsewhere }
})

describe("sign-ins of several processes", () => {
  it.scopedLive("open one window, and all are signed in by it", () =>
    Effect.gen(function* () {
      const { answer, elsewhere, person, process, untilShown, windows } = yield* world
      person.mode = "waits"
      const all = yield* Effect.forEach([1, 2, 3, 4], (pid) => process(pid))
      const running = yield* Effect.forEach(all, ({ oauth }) => Effect.fork(oauth.ensure))
      yield* untilShown(1)
      yield* until(() => elsewhere().length >= 3)
      yield* answer
      yield* Fiber.joinAll(running)
      assert.strictEqual(windows(), 1)
      for (const { call } of all) assert.strictEqual(yield* call, 200)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("tell who signs in, and where", () =>
    Effect.gen(function* () {
      const { answer, elsewhere, person, process, shown, untilShown } = yield* world
      person.mode = "waits"
      const [one, two] = [yield* process(4711), yield* process(4712)]
      const first = yield* Effect.fork(one.oauth.ensure)
      yield* untilShown(1)
      const second = yield* Effect.fork(two.oauth.ensure)
      yield* until(() => elsewhere().length > 0)
      const { serverName, url } = shown[0]!
      assert.deepStrictEqual(elsewhere(), [{ _tag: "SignInElsewhere", serverName, pid: 4711, url }])
      yield* answer
      yield* Fiber.joinAll([first, second])
      assert.strictEqual(elsewhere().length, 1)
    }))

  it.scopedLive("are taken over when their process gives up", () =>
    Effect.gen(function* () {
      const { answer, elsewhere, person, process, untilShown, windows } = yield* world
      person.mode = "waits"
      const [one, two] = [yield* process(1), yield* process(2)]
      const first = yield* Effect.fork(one.oauth.ensure)
      yield* untilShown(1)
      const second = yield* Effect.fork(two.oauth.ensure)
      yield* until(() => elsewhere().length > 0)
      yield* Fiber.interrupt(first)
      yield* untilShown(2)
      yield* answer
      yield* Fiber.join(second)
      assert.strictEqual(windows(), 2)
    }))

  it.scopedLive("ask nobody whose person has just said no", () =>
    Effect.gen(function* () {
      const { authorizationServer, elsewhere, paste, person, process, shown, untilShown, windows } = yield* world
      person.mode = "waits"
      const all = yield* Effect.forEach([1, 2, 3], (pid) => process(pid))
      const [first, ...others] = yield* Effect.forEach(all, ({ oauth }) =>
        Effect.tap(Effect.fork(Effect.flip(oauth.ensure)), () => untilShown(1)))
      yield* until(() =>
        elsewhere().length >= 2
      )
      const { redirectUri, url } = shown[0]!
      const answer = new URLSearchParams({
        error: "access_denied",
        state: url.searchParams.get("state") ?? "",
        iss: authorizationServer.issuer
      })
      yield* paste(`${redirectUri}?${answer}`)
      assert.strictEqual((yield* Fiber.join(first!))._tag, "AuthorizationDenied")
      for (const error of yield* Fiber.joinAll(others)) {
        assert.deepInclude(error, { _tag: "InteractionRequired", reason: "Declined" })
      }
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("are shared by `login` too, but only by one that waited", () =>
    Effect.gen(function* () {
      const { answer, elsewhere, person, process, untilShown, windows } = yield* world
      person.mode = "waits"
      const [one, two] = [yield* process(1), yield* process(2)]
      const first = yield* Effect.fork(one.oauth.login)
      yield* untilShown(1)
      const second = yield* Effect.fork(two.oauth.login)
      yield* until(() => elsewhere().length > 0)
      yield* answer
      yield* Fiber.joinAll([first, second])
      assert.strictEqual(windows(), 1)
      person.mode = "answers"
      yield* two.oauth.login
      assert.strictEqual(windows(), 2)
    }))

  it.scopedLive("keep their turn while a code is spent, though nobody waits for them any more", () =>
    Effect.gen(function* () {
      const { answer, authorizationServer, elsewhere, person, process, untilShown, windows } = yield* world
      person.mode = "waits"
      let isAsked = false
      const gate = yield* Deferred.make<void>()
      authorizationServer.knobs.meanwhile = ({ endpoint }, moment) => {
        if (endpoint !== "token" || moment !== "received") return
        isAsked = true
        return Effect.runPromise(Deferred.await(gate))
      }
      const [one, two] = [yield* process(1), yield* process(2)]
      const first = yield* Effect.fork(one.oauth.ensure)
      yield* untilShown(1)
      const second = yield* Effect.fork(two.oauth.ensure)
      yield* until(() => elsewhere().length > 0)
      const answering = yield* Effect.fork(answer)
      yield* until(() => isAsked)
      yield* Fiber.interrupt(first)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.joinAll([second, answering])
      assert.strictEqual(yield* two.call, 200)
      assert.strictEqual(windows(), 1)
      assert.strictEqual(authorizationServer.families().length, 1)
    }))

  it.scopedLive("that were given up are no sign-ins for a `login` that waited for them", () =>
    Effect.gen(function* () {
      const { answer, elsewhere, person, process, untilShown, windows } = yield* world
      const [one, two] = [yield* process(1), yield* process(2)]
      yield* one.oauth.ensure
      person.mode = "waits"
      const first = yield* Effect.fork(one.oauth.login)
      yield* untilShown(2)
      // It has not read the store before it waits, and gets what was there before.
      const second = yield* Effect.fork(two.oauth.login)
      yield* until(() => elsewhere().length > 0)
      yield* Fiber.interrupt(first)
      yield* untilShown(3)
      yield* answer
      yield* Fiber.join(second)
      assert.strictEqual(windows(), 3)
    }))

  it.scopedLive("hold up nobody who waits for them and is closed", () =>
    Effect.gen(function* () {
      const { elsewhere, person, process, shared, untilShown } = yield* world
      person.mode = "waits"
      const [one, two] = [yield* process(1), yield* process(2)]
      const first = yield* Effect.fork(one.oauth.ensure)
      yield* untilShown(1)
      const second = yield* Effect.fork(two.oauth.ensure)
      yield* until(() => elsewhere().length > 0)
      yield* two.close
      assert.isTrue(Exit.isFailure(yield* Fiber.await(second)))
      assert.strictEqual(shared.holders().filter((name) => name.startsWith("sign-in")).length, 1)
      yield* Fiber.interrupt(first)
      assert.deepStrictEqual(shared.holders(), [])
    }))

  it.scoped("end for who waits when the other neither ends nor dies", () =>
    Effect.gen(function* () {
      const { elsewhere, process, shared, server } = yield* world
      const stopped = shared.process(1)
      yield* stopped.exclusively!(`sign-in ${keyText({ serverUrl: server.url })}`)
      const { oauth } = yield* process(2, { callback: { timeout: "1 minute" } })
      const waiting = yield* Effect.fork(Effect.flip(oauth.ensure))
      yield* Effect.withClock(until(() => elsewhere().length > 0), Clock.make())
      yield* TestClock.adjust("2 minutes")
      assert.isTrue(Option.isNone(yield* Fiber.poll(waiting)))
      yield* TestClock.adjust("150 seconds")
      yield* TestClock.adjust("150 seconds")
      const error = yield* Fiber.join(waiting)
      assert.strictEqual(error._tag, "AuthorizationTimeout")
      assert.include(error.message, "(pid 1)")
    }))

  it.scopedLive("are seen by a program that runs at its next call, before a token is refused", () =>
    Effect.gen(function* () {
      const { process, server, windows } = yield* world
      const [one, two] = [yield* process(1, { interactive: false }), yield* process(2)]
      assert.strictEqual(McpHarness.word(yield* one.call), "InteractionRequired")
      yield* two.oauth.login
      const refused = () => server.count("resource", 401)
      const before = refused()
      assert.strictEqual(yield* one.call, 200)
      assert.strictEqual(refused(), before)
      yield* two.oauth.login
      assert.strictEqual(yield* one.call, 200)
      assert.strictEqual(refused(), before)
      assert.strictEqual(windows(), 2)
    }))
})
