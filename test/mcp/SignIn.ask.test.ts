/** A server that registers no programs: the person registers this one by hand, and types the client id once. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Option, type Scope, TestClock } from "effect"
import type { ClientIdQuestion } from "../../src/index.ts"
import { Presenter } from "../../src/index.ts"
import type { McpOAuthOptions } from "../../src/mcp.ts"
import { takeTurns } from "../../src/mcp/connect.ts"
import { createServer } from "node:net"
import * as McpHarness from "../fixtures/McpHarness.ts"

const { call, word } = McpHarness

type Answer = (question: ClientIdQuestion) => Effect.Effect<Option.Option<string>, never, Scope.Scope>

/** A server without registration, and a person who is asked; how they answer may be changed at any time. */
const asking = (strictRedirect = true) =>
  Effect.gen(function* () {
    const world = yield* McpHarness.world({ authorizationServer: { registration: "absent", strictRedirect } })
    const { authorizationServer } = world
    const questions: Array<ClientIdQuestion> = []
    /** Does what the question says, and gives the id. */
    const register = (clientId: string): Answer => ({ redirectUri }) =>
      Effect.sync(() => {
        authorizationServer.addClient({
          client_id: clientId,
          redirect_uris: [redirectUri],
          token_endpoint_auth_method: "none"
        })
        return Option.some(clientId)
      })
    const person: { answer: Answer } = { answer: register("by-hand") }
    const gives = (...texts: ReadonlyArray<string>) => {
      const left = [...texts]
      person.answer = () => Effect.sync(() => Option.some(left.shift() ?? ""))
    }
    const layer = Layer.merge(
      world.layer,
      Layer.effect(
        Presenter,
        Effect.map(Presenter, (plain): Presenter => ({
          ...plain,
          askClientId: (question) =>
            Effect.suspend(() => {
              questions.push(question)
              return person.answer(question)
            })
        }))
      ).pipe(Layer.provide(world.layer))
    )
    const open = (options: Partial<McpOAuthOptions> = {}) =>
      McpHarness.open({ layer }, { serverUrl: world.server.url, ...options })
    /** A run of the program, from its start to its end. */
    const run = <A, E>(use: (oauth: McpHarness.Opened["oauth"]) => Effect.Effect<A, E>) =>
      Effect.scoped(Effect.flatMap(open(), ({ oauth }) => use(oauth)))
    return { ...world, questions, register, person, gives, open, run }
  })

/** The tag of an error and its reason; the status of what is none. */
const told = (outcome: McpHarness.Outcome): string =>
  typeof outcome === "number" ? String(outcome) : `${outcome._tag} ${"reason" in outcome ? outcome.reason : ""}`

const notSupported = "RegistrationError NotSupported"

const problems = (questions: ReadonlyArray<ClientIdQuestion>) => questions.map(({ problem }) => problem)

describe("a server that registers no programs", () => {
  it.scopedLive("has the person asked, with what its own page wants to know; the next start asks nothing", () =>
    Effect.gen(function* () {
      const world = yield* asking()
      const { oauth, close } = yield* world.open()
      assert.strictEqual(yield* call(oauth, world.server.url), 200)
      yield* close
      const redirectUri = world.shown[0]?.redirectUri
      assert(redirectUri !== undefined)
      assert.deepStrictEqual(world.questions, [{
        serverName: new URL(world.server.url).host,
        issuer: world.authorizationServer.issuer,
        redirectUri,
        paste: true
      }])
      assert.deepStrictEqual(world.stored()?.client, { clientId: "by-hand", redirectUris: [redirectUri] })
      assert.isUndefined(world.stored()?.nextClient)
      yield* world.settled
      // The redirect URI must be the registered one to the letter: it is the same port again.
      yield* world.run((oauth) => oauth.login)
      assert.deepStrictEqual(world.shown.map((shown) => shown.redirectUri), [redirectUri, redirectUri])
      assert.strictEqual(world.questions.length, 1)
      assert.strictEqual(world.authorizationServer.count("register"), 0)
    }))

  it.scopedLive("has what is no client id asked for again, and the space around one is no part of it", () =>
    Effect.gen(function* () {
      const world = yield* asking(false)
      world.authorizationServer.addClient({
        client_id: "by-hand",
        redirect_uris: ["http://127.0.0.1/callback"],
        token_endpoint_auth_method: "none"
      })
      world.gives("clé", "two\nlines", "  by-hand\n")
      const { oauth } = yield* world.open()
      yield* oauth.login
      assert.deepStrictEqual(problems(world.questions), [undefined, "NotAClientId", "NotAClientId"])
      assert.strictEqual(world.stored()?.client?.clientId, "by-hand")
    }))

  it.scopedLive("is given up after three answers that are none", () =>
    Effect.gen(function* () {
      const world = yield* asking()
      world.gives("é", "é", "é", "by-hand")
      const { oauth } = yield* world.open()
      assert.deepInclude(yield* Effect.flip(oauth.login), { _tag: "RegistrationError", reason: "NotSupported" })
      assert.strictEqual(world.questions.length, 3)
      assert.strictEqual(world.windows(), 0)
    }))

  for (const nothing of ["", " \n"]) {
    it.scopedLive(`asks no more by requests when the answer was ${JSON.stringify(nothing)}; the program may`, () =>
      Effect.gen(function* () {
        const world = yield* asking()
        world.gives(nothing)
        const { oauth } = yield* world.open()
        assert.strictEqual(told(yield* call(oauth, world.server.url)), notSupported)
        for (let each = 0; each < 3; each++) {
          assert.strictEqual(told(yield* call(oauth, world.server.url)), "InteractionRequired Declined")
        }
        assert.strictEqual(world.questions.length, 1)
        assert.isUndefined(world.stored())
        world.person.answer = world.register("later")
        yield* oauth.ensure
        assert.strictEqual(yield* call(oauth, world.server.url), 200)
      }))
  }

  it.scopedLive("where nobody can be asked it is as without the question, by each request", () =>
    Effect.gen(function* () {
      const world = yield* asking()
      for (const answer of [() => Effect.succeed(Option.none<string>()), () => Effect.die("no terminal")]) {
        world.person.answer = answer
        const { oauth } = yield* world.open()
        for (let each = 0; each < 2; each++) {
          assert.strictEqual(told(yield* call(oauth, world.server.url)), notSupported)
        }
      }
      assert.strictEqual(world.questions.length, 4)
    }))

  it.scopedLive("asks nobody where the program is not interactive", () =>
    Effect.gen(function* () {
      const world = yield* asking()
      const { oauth } = yield* world.open({ interactive: false })
      assert.strictEqual((yield* Effect.flip(oauth.login))._tag, "InteractionRequired")
      assert.strictEqual(word(yield* call(oauth, world.server.url)), "InteractionRequired")
      assert.deepStrictEqual(world.questions, [])
    }))

  it.scopedLive("says that no text may be read where paste is off", () =>
    Effect.gen(function* () {
      const world = yield* asking()
      const { oauth } = yield* world.open({ callback: { paste: false } })
      yield* oauth.login
      assert.isFalse(world.questions[0]?.paste)
    }))

  it.scoped("waits for the answer as long as for a sign-in, and lets go of the question then", () =>
    Effect.gen(function* () {
      const world = yield* asking()
      const asked = yield* Deferred.make<void>()
      let released = false
      world.person.answer = () =>
        Effect.acquireRelease(Effect.void, () => Effect.sync(() => released = true)).pipe(
          Effect.zipRight(Deferred.succeed(asked, undefined)),
          Effect.zipRight(Effect.never)
        )
      const { oauth } = yield* world.open({ callback: { timeout: "2 minutes" } })
      const request = yield* Effect.fork(call(oauth, world.server.url))
      yield* Deferred.await(asked)
      yield* TestClock.adjust("119 seconds")
      assert.isTrue(Option.isNone(yield* Fiber.poll(request)))
      assert.isFalse(released)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(told(yield* Fiber.join(request)), notSupported)
      assert.isTrue(released)
      assert.strictEqual(word(yield* call(oauth, world.server.url)), "InteractionRequired")
    }))

  it.scopedLive("lets go of the question at once when the sign-in is closed", () =>
    Effect.gen(function* () {
      const world = yield* asking()
      const asked = yield* Deferred.make<void>()
      world.person.answer = () => Effect.zipRight(Deferred.succeed(asked, undefined), Effect.never)
      const { close, oauth } = yield* world.open()
      const login = yield* Effect.fork(Effect.flip(oauth.login))
      yield* Deferred.await(asked)
      yield* close
      assert.strictEqual((yield* Fiber.join(login))._tag, "Closed")
    }))

  it.scopedLive("has its question asked in the turn of its sign-in", () =>
    Effect.gen(function* () {
      const world = yield* asking()
      const turn = takeTurns()
      let running = 0
      let most = 0
      const answers = world.register("by-hand")
      world.person.answer = (question) =>
        Effect.acquireUseRelease(
          Effect.sync(() => most = Math.max(most, ++running + world.waiting())),
          () => Effect.zipRight(Effect.sleep(20), answers(question)),
          () => Effect.sync(() => running--)
        )
      const accounts = yield* Effect.forEach(["a", "b", "c"], (account) => world.open({ turn, account }))
      const logins = yield* Effect.forEach(accounts, ({ oauth }) => Effect.fork(oauth.login))
      yield* Effect.forEach(logins, Fiber.join)
      assert.strictEqual(world.questions.length, 3)
      assert.strictEqual(most, 1)
    }))
})

describe("a client id that the server does not know", () => {
  it.scopedLive("and says so: the person is asked once more, for the same redirect URI", () =>
    Effect.gen(function* () {
      const world = yield* asking()
      const right = world.register("right")
      world.person.answer = (question) => {
        if (question.problem !== undefined) {
          world.authorizationServer.knobs.authorize = "approve"
          return right(question)
        }
        world.authorizationServer.knobs.authorize = { error: "unauthorized_client" }
        return world.register("wrong")(question)
      }
      const { oauth } = yield* world.open()
      yield* oauth.login
      assert.deepStrictEqual(problems(world.questions), [undefined, "UnknownClient"])
      assert.strictEqual(world.questions[1]?.redirectUri, world.questions[0]?.redirectUri)
      assert.strictEqual(world.stored()?.client?.clientId, "right")
    }))

  it.scopedLive("and says so at every answer: there is no third question", () =>
    Effect.gen(function* () {
      const world = yield* asking()
      world.authorizationServer.knobs.authorize = { error: "unauthorized_client" }
      const { oauth } = yield* world.open()
      const error = yield* Effect.flip(oauth.login)
      assert.deepInclude(error, { _tag: "AuthorizationDenied", error: "unauthorized_client" })
      assert.strictEqual(world.questions.length, 2)
      assert.strictEqual(word(yield* call(oauth, world.server.url)), "InteractionRequired")
      assert.strictEqual(world.questions.length, 2)
    }))

  it.scopedLive("and shows a page: whoever gives up is asked at the next start, for the same redirect URI", () =>
    Effect.gen(function* () {
      const world = yield* asking()
      world.gives("mistyped")
      yield* world.run((oauth) =>
        Effect.gen(function* () {
          const login = yield* Effect.fork(oauth.login)
          yield* world.untilShown(1)
          yield* world.settled
          yield* Fiber.interrupt(login)
        })
      )
      assert.include(world.stored()?.client, { clientId: "mistyped", isUnknown: true })
      world.person.answer = world.register("right")
      yield* world.run((oauth) => oauth.login)
      assert.deepStrictEqual(problems(world.questions), [undefined, "UnknownClient"])
      assert.strictEqual(world.questions[1]?.redirectUri, world.questions[0]?.redirectUri)
      yield* world.settled
      yield* world.run((oauth) => oauth.login)
      assert.strictEqual(world.questions.length, 2)
    }))

  it.scopedLive("any more: two sign-ins without an answer, and then the person is asked", () =>
    Effect.gen(function* () {
      const world = yield* asking()
      yield* world.run((oauth) => oauth.login)
      world.authorizationServer.forgetClient("by-hand")
      const givenUp = (windows: number) =>
        world.run((oauth) =>
          Effect.gen(function* () {
            const login = yield* Effect.fork(oauth.login)
            yield* world.untilShown(windows)
            yield* Fiber.interrupt(login)
          })
        )
      yield* givenUp(2)
      assert.include(world.stored()?.client, { isInDoubt: true })
      assert.isUndefined(world.stored()?.client?.isUnknown)
      yield* givenUp(3)
      assert.strictEqual(world.questions.length, 1)
      assert.include(world.stored()?.client, { isInDoubt: true, isUnknown: true })
      world.person.answer = world.register("another")
      yield* world.run((oauth) => oauth.login)
      assert.deepStrictEqual(problems(world.questions), [undefined, "UnknownClient"])
      assert.deepStrictEqual(world.stored()?.client, {
        clientId: "another",
        redirectUris: [world.questions[0]?.redirectUri ?? ""]
      })
    }))

  for (const error of ["access_denied", "server_error"]) {
    it.scopedLive(`is none when the answer is ${error}: the next start uses it`, () =>
      Effect.gen(function* () {
        const world = yield* asking()
        world.authorizationServer.knobs.authorize = { error }
        yield* world.run((oauth) => Effect.flip(oauth.login))
        assert.deepStrictEqual(world.stored()?.client, {
          clientId: "by-hand",
          redirectUris: [world.questions[0]?.redirectUri ?? ""]
        })
        world.authorizationServer.knobs.authorize = "approve"
        yield* world.run((oauth) => oauth.login)
        assert.strictEqual(world.questions.length, 1)
      }))
  }
})

it.scopedLive("a client whose port another program has is asked for again, and keeps both redirect URIs", () =>
  Effect.gen(function* () {
    const world = yield* asking()
    yield* world.run((oauth) => oauth.login)
    yield* world.settled
    const [first = ""] = world.stored()?.client?.redirectUris ?? []
    const other = createServer()
    yield* Effect.acquireRelease(
      Effect.promise(() =>
        new Promise<void>((resolve) => other.listen(Number(new URL(first).port), "127.0.0.1", resolve))
      ),
      () => Effect.promise(() => new Promise((resolve) => other.close(resolve)))
    )
    yield* world.run((oauth) => oauth.login)
    assert.deepStrictEqual(problems(world.questions), [undefined, undefined])
    const second = world.questions[1]?.redirectUri
    assert(second !== undefined && second !== first)
    assert.deepStrictEqual(world.stored()?.client, { clientId: "by-hand", redirectUris: [second, first] })
  }))
