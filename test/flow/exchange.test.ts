import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, FiberRef, Option, Redacted, Scope, Supervisor, TestClock } from "effect"
import type { Answer } from "../../src/core/oauth/Answer.ts"
import * as CallbackPage from "../../src/core/page/CallbackPage.ts"
import type { ExchangeRequest, Granted } from "../../src/flow/AuthorizeRequest.ts"
import { CallbackFlow } from "../../src/flow/CallbackFlow.ts"
import { exchange } from "../../src/flow/exchange.ts"
import * as Inbox from "../../src/flow/Inbox.ts"
import * as Harness from "../fixtures/Harness.ts"
import * as TestLayers from "../fixtures/TestLayers.ts"

const granted: Granted = { code: Redacted.make("c"), via: "http" }

type Exchange<A, E> = Pick<ExchangeRequest<A, E, never>, "exchange" | "exchangeTimeout">

const makeInbox = Inbox.make({ state: Redacted.make("s"), done: "d", render: CallbackPage.make() })

/** An exchange in an inbox of its own. */
const alone = <A, E>(request: Exchange<A, E>) => Effect.flatMap(makeInbox, (inbox) => exchange(inbox, granted, request))

/** Runs an effect; how it ended, and how many of the fibers that it made are left. */
const supervised = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const supervisor = yield* Supervisor.track
    const exit = yield* Effect.exit(Effect.supervised(effect, supervisor))
    return { exit, left: (yield* supervisor.value).length }
  })

/** Runs `authorize` of a flow with a browser that brings the answer and waits for its page. */
const signIn = <A, E>(request: Exchange<A, E> & Pick<ExchangeRequest<A, E, never>, "describe">) =>
  Effect.gen(function* () {
    const layers = yield* TestLayers.make
    const scope = yield* Effect.acquireRelease(Scope.make(), (made) => Scope.close(made, Exit.void))
    const flow = yield* Scope.extend(Effect.provide(CallbackFlow.open(), layers.layer), scope)
    const running = yield* Effect.fork(flow.authorize({ url: Harness.urlFor(flow), present: false, ...request }))
    const page = yield* Effect.fork(layers.browse(Harness.answerFor(flow, { code: "c" })))
    return { running, page, close: Scope.close(scope, Exit.void) }
  })

const titleOf = ({ body }: Answer) => /<h1>(.*?)<\/h1>/.exec(body)?.[1]

interface Running {
  readonly running: Fiber.RuntimeFiber<unknown, unknown>
  readonly close: Effect.Effect<unknown, unknown>
}

const ends: Readonly<Record<string, (world: Running) => Effect.Effect<unknown, unknown>>> = {
  "its time is over": () => TestClock.adjust("5 seconds"),
  "the flow is closed": ({ close }) => close,
  "the caller is interrupted": ({ running }) => Fiber.interruptFork(running)
}

describe("exchange", () => {
  it.effect("gives what the exchange gives, and leaves nothing behind", () =>
    Effect.gen(function* () {
      for (const pause of [Effect.void, Harness.pause(2)]) {
        const { exit, left } = yield* supervised(alone({ exchange: ({ via }) => Effect.as(pause, via) }))
        assert.deepStrictEqual(exit, Exit.succeed("http"))
        assert.strictEqual(left, 0)
      }
    }))

  it.effect("fails with what the exchange fails with, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const defect = new Error("broken")
      for (
        const [exchange, expected] of [
          [() => Effect.fail("no"), Exit.fail("no")],
          [() => Effect.zipRight(Harness.pause(2), Effect.fail("no")), Exit.fail("no")],
          [() => Effect.die(defect), Exit.die(defect)],
          [(): Effect.Effect<void> => {
            throw defect
          }, Exit.die(defect)]
        ] as const
      ) {
        const { exit, left } = yield* supervised(alone<unknown, string>({ exchange }))
        assert.deepStrictEqual(exit, expected)
        assert.strictEqual(left, 0)
      }
    }))

  it.effect("fails with the first of two reasons", () =>
    Effect.gen(function* () {
      const inbox = yield* makeInbox
      const running = yield* Effect.fork(Effect.flip(exchange(inbox, granted, {
        exchange: () => Effect.onInterrupt(Effect.never, () => inbox.close)
      })))
      yield* Harness.sleeping(2)
      yield* TestClock.adjust("30 seconds")
      assert.include(yield* Fiber.join(running), {
        _tag: "AuthorizationTimeout",
        phase: "exchange",
        millis: 30_000
      })
    }))

  it.effect("says what was refused when its time is over", () =>
    Effect.gen(function* () {
      const inbox = yield* makeInbox
      inbox.waitingFlow.refused("BareCode", 1)
      const running = yield* Effect.fork(Effect.flip(exchange(inbox, granted, { exchange: () => Effect.never })))
      yield* Harness.sleeping(2)
      yield* TestClock.adjust("30 seconds")
      const error = yield* Fiber.join(running)
      assert.deepStrictEqual(error.refusals, { BareCode: 1 })
    }))

  it.effect("begins nothing that may be cut short when the flow is closed already", () =>
    Effect.gen(function* () {
      const inbox = yield* makeInbox
      yield* inbox.close
      let hasBegun = false
      const exit = yield* Effect.exit(exchange(inbox, granted, { exchange: () => Effect.sync(() => hasBegun = true) }))
      assert.isTrue(Exit.isInterrupted(exit))
      assert.isFalse(hasBegun)
    }))

  it.effect("begins nothing when its time is no duration", () =>
    Effect.gen(function* () {
      let hasBegun = false
      const request = { exchange: () => Effect.sync(() => hasBegun = true), exchangeTimeout: "soon" as never }
      const exit = yield* Effect.exit(alone(request))
      assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
      assert.isFalse(hasBegun)
    }))

  it.effect("keeps what the exchange sets for its fiber, as if it ran in the caller's", () =>
    Effect.gen(function* () {
      const ref = FiberRef.unsafeMake("before")
      yield* alone({ exchange: () => FiberRef.set(ref, "after") })
      assert.strictEqual(yield* FiberRef.get(ref), "after")
    }))
})

describe("a flow with an exchange", () => {
  it.scoped("has the page tell the truth", () =>
    Effect.gen(function* () {
      const good = yield* signIn({ exchange: ({ via }) => Effect.succeed(via) })
      assert.strictEqual(yield* Fiber.join(good.running), "http")
      assert.strictEqual(titleOf(yield* Fiber.join(good.page)), "Signed in to as.example")

      const bad = yield* signIn({ exchange: () => Effect.fail("no"), describe: (error) => `said: ${error}` })
      assert.deepStrictEqual(yield* Fiber.await(bad.running), Exit.fail("no"))
      const { body } = yield* Fiber.join(bad.page)
      assert.include(body, "said: no")
      assert.notInclude(body, "Signed in")
    }))

  it.scoped("answers the page with neutral words after 10 seconds, and goes on", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { page, running } = yield* signIn({ exchange: () => Deferred.await(gate) })
      yield* Harness.sleeping(2)
      yield* TestClock.adjust("9999 millis")
      assert.isTrue(Option.isNone(yield* Fiber.poll(page)))
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(titleOf(yield* Fiber.join(page)), "Answer received")
      assert.isTrue(Option.isNone(yield* Fiber.poll(running)))
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(running)
    }))

  it.scoped("whose time is no duration begins no exchange, and the page says that it failed", () =>
    Effect.gen(function* () {
      let hasBegun = false
      const exchange = () => Effect.sync(() => hasBegun = true)
      const { page, running } = yield* signIn({ exchange, exchangeTimeout: "soon" as never })
      const exit = yield* Fiber.await(running)
      assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
      assert.isFalse(hasBegun)
      assert.strictEqual(titleOf(yield* Fiber.join(page)), "Not signed in to as.example")
    }))

  for (const [when, end] of Object.entries(ends)) {
    it.scoped(`waits until the exchange has let go of everything when ${when}`, () =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const began = yield* Deferred.make<void>()
        const lettingGo = yield* Deferred.make<void>()
        const exchange = () =>
          Effect.zipRight(Deferred.succeed(began, undefined), Effect.never).pipe(
            Effect.onInterrupt(() => Effect.zipRight(Deferred.succeed(lettingGo, undefined), Deferred.await(gate)))
          )
        const here = yield* signIn({
          exchange,
          exchangeTimeout: "5 seconds",
          describe: () => "not for the caller's words"
        })
        yield* Deferred.await(began)
        yield* Harness.sleeping(2)
        // Closing waits for nothing here: the page is there to be written.
        yield* end(here)
        yield* Deferred.await(lettingGo)
        yield* Harness.pause(5)
        assert.isTrue(Option.isNone(yield* Fiber.poll(here.running)))
        if (when !== "the flow is closed") assert.isTrue(Option.isNone(yield* Fiber.poll(here.page)))
        yield* Deferred.succeed(gate, undefined)
        const exit = yield* Fiber.await(here.running)
        const cause = Exit.isFailure(exit) ? exit.cause : assert.fail("it succeeded")
        const page = yield* Fiber.join(here.page)
        if (when === "its time is over") {
          assert.include(Option.getOrThrow(Cause.failureOption(cause)), {
            _tag: "AuthorizationTimeout",
            phase: "exchange",
            millis: 5000
          })
          assert.strictEqual(titleOf(page), "Not signed in to as.example")
        } else {
          assert.isTrue(Cause.isInterruptedOnly(cause))
          // An exchange that was cut short may still have ended well at the server.
          assert.strictEqual(page.status, when === "the flow is closed" ? 503 : 200)
        }
        assert.notInclude(page.body, "not for the caller")
      }))

    it.scoped(`gives no result any more when ${when}, though the exchange could not be cut short`, () =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const began = yield* Deferred.make<void>()
        const exchange = () =>
          Effect.uninterruptible(Effect.zipRight(Deferred.succeed(began, undefined), Deferred.await(gate)))
        const here = yield* signIn({ exchange, exchangeTimeout: "5 seconds" })
        yield* Deferred.await(began)
        yield* Harness.sleeping(2)
        yield* end(here)
        yield* Deferred.succeed(gate, undefined)
        assert.isTrue(Exit.isFailure(yield* Fiber.await(here.running)))
        assert.notInclude((yield* Fiber.join(here.page)).body, "Signed in")
      }))
  }

  it.scoped("takes its time from the program's clock", () =>
    Effect.gen(function* () {
      const harness = yield* Harness.make
      const flow = yield* Effect.provide(CallbackFlow.open({ paste: false }), harness.layer)
      const began = yield* Deferred.make<void>()
      const running = yield* Effect.fork(Effect.flip(flow.authorize({
        url: Harness.urlFor(flow),
        present: () => Effect.orDie(flow.submit(Harness.answerFor(flow, { code: "c" }).href)),
        exchange: () => Effect.zipRight(Deferred.succeed(began, undefined), Effect.never),
        exchangeTimeout: "3 minutes"
      })))
      yield* Deferred.await(began)
      yield* Harness.sleeping(2)
      yield* TestClock.adjust("2 minutes")
      assert.isTrue(Option.isNone(yield* Fiber.poll(running)))
      yield* TestClock.adjust("1 minute")
      assert.include(yield* Fiber.join(running), { _tag: "AuthorizationTimeout", phase: "exchange", millis: 180_000 })
    }))

  it.scoped("keeps what the exchange sets for its fiber", () =>
    Effect.gen(function* () {
      const layers = yield* TestLayers.make
      const flow = yield* Effect.provide(CallbackFlow.open(), layers.layer)
      const ref = FiberRef.unsafeMake("before")
      yield* flow.authorize({
        url: Harness.urlFor(flow),
        present: () => Effect.orDie(flow.submit(Harness.answerFor(flow, { code: "c" }).href)),
        exchange: () => FiberRef.set(ref, "after")
      })
      assert.strictEqual(yield* FiberRef.get(ref), "after")
    }))
})
