/** A registration that the server may have forgotten: no dead end, whatever the person does, and no more registrations. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { pause, until } from "../fixtures/Harness.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"

const { call } = McpHarness

/** A start of the program that the person ends with ^C when so many windows were shown in all. */
const endedByPerson = (world: McpHarness.World, windows: number) =>
  Effect.scoped(Effect.gen(function* () {
    const { oauth } = yield* world.open()
    const starting = yield* Effect.fork(oauth.login)
    yield* world.untilShown(windows)
    assert.isTrue(yield* Effect.sync(() => world.waiting() === 1))
    yield* Fiber.interrupt(starting)
  }))

const registrations = ({ authorizationServer }: McpHarness.World) => authorizationServer.count("register")

describe("a registration that is used again", () => {
  it.scopedLive("and was forgotten: the start after ^C registers anew, also where its tokens were refused", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      yield* world.signedIn
      // FastMCP and Better Auth say `invalid_grant` of the tokens, and show a page of their own in the browser.
      world.authorizationServer.fail("token", { error: "invalid_grant" }, { grantType: "refresh_token" })
      world.authorizationServer.forgetClient(world.stored()?.client?.clientId ?? "")
      world.authorizationServer.revokeAll()
      yield* Effect.scoped(Effect.gen(function* () {
        const { oauth } = yield* world.open()
        const request = yield* Effect.fork(oauth.login)
        yield* world.untilShown(2)
        yield* Fiber.interrupt(request)
      }))
      const { oauth } = yield* world.open()
      yield* oauth.login
      assert.strictEqual(yield* call(oauth, world.server.url), 200)
      assert.deepStrictEqual([registrations(world), world.windows()], [2, 3])
    }))

  it.scopedLive("is in doubt in the store before the window opens, and no more when the answer is there", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      yield* world.signedIn
      assert.isUndefined(world.stored()?.client?.isInDoubt)
      world.person.mode = "waits"
      const { oauth } = yield* world.open()
      const login = yield* Effect.fork(oauth.login)
      yield* world.untilShown(2)
      // Whatever ends the program now, the next one finds this.
      assert.isTrue(world.stored()?.client?.isInDoubt)
      yield* world.answer
      yield* Fiber.join(login)
      assert.isUndefined(world.stored()?.client?.isInDoubt)
      assert.strictEqual(registrations(world), 1)
    }))

  for (const error of ["access_denied", "server_error"]) {
    it.scopedLive(`is in doubt no more when the answer is ${error}`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world()
        yield* world.signedIn
        world.authorizationServer.knobs.authorize = { error }
        const { oauth } = yield* world.open()
        assert.deepInclude(yield* Effect.flip(oauth.login), { _tag: "AuthorizationDenied", error })
        assert.isUndefined(world.stored()?.client?.isInDoubt)
        world.authorizationServer.knobs.authorize = "approve"
        yield* oauth.login
        assert.strictEqual(registrations(world), 1)
      }))
  }

  it.scopedLive("is in doubt no more when the answer came and the code was worth nothing", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      yield* world.signedIn
      world.authorizationServer.fail("token", { error: "invalid_grant" })
      const { oauth } = yield* world.open()
      assert.strictEqual((yield* Effect.flip(oauth.login))._tag, "TokenError")
      assert.isUndefined(world.stored()?.client?.isInDoubt)
    }))

  it.scopedLive("and is good: one ^C costs one registration, and from then on none", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      yield* world.signedIn
      world.person.mode = "waits"
      yield* endedByPerson(world, 2)
      world.person.mode = "answers"
      for (let round = 0; round < 3; round++) yield* world.signedIn
      assert.strictEqual(registrations(world), 2)
      world.person.mode = "waits"
      const before = world.stored()
      yield* endedByPerson(world, 6)
      // The new one is kept beside the one that the tokens need, and is not in doubt: this is its first window.
      yield* endedByPerson(world, 7)
      assert.strictEqual(registrations(world), 3)
      assert.strictEqual(world.stored()?.client?.clientId, before?.client?.clientId)
      assert.isUndefined(world.stored()?.nextClient?.isInDoubt)
      // The tokens were not touched, and can be refreshed.
      world.authorizationServer.expireAll()
      const { oauth } = yield* world.open({ interactive: false })
      assert.strictEqual(yield* call(oauth, world.server.url), 200)
      world.person.mode = "answers"
      yield* world.signedIn
      assert.strictEqual(registrations(world), 3)
      assert.isUndefined(world.stored()?.nextClient)
      assert.notStrictEqual(world.stored()?.client?.clientId, before?.client?.clientId)
    }))

  it.scopedLive("stays where the server registers nobody any more", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      yield* world.signedIn
      world.person.mode = "waits"
      yield* endedByPerson(world, 2)
      world.person.mode = "answers"
      world.authorizationServer.knobs.registration = "absent"
      yield* world.signedIn
      assert.strictEqual(registrations(world), 1)
    }))
})

describe("a person who waits", () => {
  /** Whether the person was told, after so many seconds at the last window. */
  const toldAfter = (world: McpHarness.World, seconds: number) =>
    Effect.gen(function* () {
      world.person.mode = "waits"
      const { oauth } = yield* world.open()
      const shown = world.windows()
      yield* Effect.forkScoped(Effect.ignore(oauth.login))
      yield* until(() => world.windows() > shown)
      yield* TestClock.adjust(seconds * 1000)
      yield* pause(30)
      return world.notices.filter(({ _tag }) => _tag === "MaybeForgotten")
    })

  it.scoped("is told after twenty seconds what to do where the server has forgotten the registration", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      yield* world.signedIn
      assert.deepStrictEqual(yield* toldAfter(world, 19), [])
      yield* TestClock.adjust("2 seconds")
      yield* pause(30)
      const told = world.notices.filter(({ _tag }) => _tag === "MaybeForgotten")
      const serverName = new URL(world.server.url).host
      assert.deepStrictEqual(told, [{ _tag: "MaybeForgotten", serverName }])
    }))

  it.scoped("is told nothing of a registration that was made for this sign-in", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* toldAfter(yield* McpHarness.world(), 60), [])
    }))
})
