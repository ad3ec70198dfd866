import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Deferred,
  Duration,
  Effect,
  Exit,
  Fiber,
  Logger,
  LogLevel,
  Redacted,
  Scope,
  Supervisor,
  TestClock
} from "effect"
import { CallbackFlow } from "../../src/flow/CallbackFlow.ts"
import type { OpenOptions } from "../../src/flow/OpenOptions.ts"
import * as Harness from "../fixtures/Harness.ts"

const { urlFor } = Harness
const answerTo = (flow: CallbackFlow) =>
  Effect.orDie(flow.submit(`${flow.redirectUri}?code=c&state=${Redacted.value(flow.state)}`))

/** Runs a flow, and counts the fibers that are left when `authorize` has returned. */
const fibersLeft = (
  options: OpenOptions,
  signIn: (flow: CallbackFlow) => Effect.Effect<unknown, unknown>
) =>
  Effect.gen(function* () {
    const harness = yield* Harness.make
    const supervisor = yield* Supervisor.track
    const scope = yield* Scope.make()
    const flow = yield* Effect.provide(Scope.extend(CallbackFlow.open(options), scope), harness.layer)
    const exit = yield* Effect.exit(Effect.supervised(signIn(flow), supervisor))
    const left = (yield* supervisor.value).length
    yield* Scope.close(scope, Exit.void)
    return { exit, left }
  })

const ways: Readonly<Record<string, (flow: CallbackFlow) => Effect.Effect<unknown>>> = {
  "while the URL is shown, in one go": answerTo,
  "while the URL is shown, some turns later": (flow) => Effect.zipRight(Effect.yieldNow(), answerTo(flow)),
  "while a presenter never comes to an end": (flow) => Effect.zipRight(answerTo(flow), Effect.never),
  "from what the presenter forked": (flow) => Effect.fork(Effect.zipRight(Effect.yieldNow(), answerTo(flow)))
}

describe("waiting for the response", () => {
  for (const [when, present] of Object.entries(ways)) {
    it.scoped(`has let go of everything when the answer came ${when}`, () =>
      Effect.gen(function* () {
        const { exit, left } = yield* fibersLeft({ paste: false }, (flow) =>
          flow.authorize({ url: urlFor(flow), present: () => present(flow) }))
        assert.isTrue(Exit.isSuccess(exit))
        assert.strictEqual(left, 0)
      }))
  }

  it.scopedLive("lets what the presenter forked live until the answer, and no longer", () =>
    Effect.gen(function* () {
      const harness = yield* Harness.make
      for (const end of ["answer", "interrupt"] as const) {
        const flow = yield* Effect.provide(CallbackFlow.open({ paste: false }), harness.layer)
        const shown = yield* Deferred.make<void>()
        const released = yield* Deferred.make<void>()
        let lives = false
        const present = Effect.sync(() => lives = true).pipe(
          Effect.zipRight(Effect.never),
          Effect.onInterrupt(() =>
            Effect.zipRight(Effect.sync(() => lives = false), Deferred.succeed(released, undefined))
          ),
          Effect.fork
        )
        const waiting = yield* Effect.fork(
          flow.authorize({
            url: urlFor(flow),
            present: () => Effect.zipRight(present, Deferred.succeed(shown, undefined))
          })
        )
        yield* Deferred.await(shown)
        yield* Harness.pause(20)
        assert.isTrue(lives)
        if (end === "answer") yield* answerTo(flow)
        else yield* Fiber.interruptFork(waiting)
        const exit = yield* Fiber.await(waiting)
        assert.strictEqual(Exit.isSuccess(exit), end === "answer")
        assert.isFalse(lives, "it is released when authorize returns")
        yield* Deferred.await(released)
      }
    }))

  it.scopedLive("takes a time that no timer can be set for as no limit", () =>
    Effect.gen(function* () {
      for (const timeout of [Duration.infinity, Duration.days(30)]) {
        const harness = yield* Harness.make
        const flow = yield* Effect.provide(CallbackFlow.open({ paste: false }), harness.layer)
        const waiting = yield* Effect.fork(flow.authorize({ url: urlFor(flow), timeout, present: false }))
        yield* Effect.sleep("20 millis")
        assert.isTrue((yield* Fiber.poll(waiting))._tag === "None")
        yield* answerTo(flow)
        assert.isTrue(Exit.isSuccess(yield* Fiber.await(waiting)))
      }
    }))

  it.scopedLive("ends when the machine's own time is over, though the presenter is not", () =>
    Effect.gen(function* () {
      for (const present of [false, () => Effect.void, () => Effect.never] as const) {
        const { exit, left } = yield* fibersLeft({ paste: false }, (flow) =>
          flow.authorize({ url: urlFor(flow), timeout: "20 millis", present }))
        assert.isTrue(Exit.isFailure(exit) && /AuthorizationTimeout/.test(String(exit.cause)))
        assert.strictEqual(left, 0)
      }
    }))

  it.scoped("runs the clock while the URL is shown, and after", () =>
    Effect.gen(function* () {
      for (const present of [Effect.never, Effect.sleep("1 minute"), Effect.void]) {
        const begun = yield* Effect.fork(fibersLeft({ paste: false }, (flow) =>
          flow.authorize({
            url: urlFor(flow),
            timeout: "3 minutes",
            present: () => present
          })))
        // The listener is bound by the system, in its own time.
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 50)))
        yield* TestClock.adjust(Duration.minutes(1))
        yield* Effect.yieldNow()
        yield* TestClock.adjust(Duration.millis(2 * 60_000 - 1))
        assert.isTrue((yield* Fiber.poll(begun))._tag === "None")
        yield* TestClock.adjust(Duration.millis(1))
        const { exit, left } = yield* Fiber.join(begun)
        assert.isTrue(Exit.isFailure(exit) && /AuthorizationTimeout/.test(String(exit.cause)))
        assert.strictEqual(left, 0)
      }
    }))
})

describe("a presenter's own error", () => {
  it.scopedLive("ends the wait, and is in no log: it may hold the URL", () =>
    Effect.gen(function* () {
      const { layer } = yield* Harness.make
      const lines: Array<string> = []
      const logger = Logger.make(({ cause, message }) => void lines.push(`${message} ${Cause.pretty(cause)}`))
      const exit = yield* CallbackFlow.run({ paste: false }, (flow) =>
        flow.authorize({
          url: urlFor(flow),
          present: ({ href }) => Effect.die(new Error(`cannot open ${href}`))
        })).pipe(
          Effect.provide(layer),
          Effect.exit,
          Logger.withMinimumLogLevel(LogLevel.Debug),
          Effect.provide(Logger.replace(Logger.defaultLogger, logger))
        )
      assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
      assert.isNotEmpty(lines)
      assert.notInclude(lines.join("\n"), "state=")
    }))
})
