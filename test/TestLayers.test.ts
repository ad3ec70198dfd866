/** A program that signs in, tested without a machine: what users of this package do with its services. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted, TestClock } from "effect"
import { CallbackFlow } from "../src/index.ts"
import { answerFor, urlFor } from "./fixtures/Harness.ts"
import * as TestLayers from "./fixtures/TestLayers.ts"

describe("the services' test layers", () => {
  it.effect("run a sign-in without sockets, and tell the browser the outcome", () =>
    Effect.gen(function* () {
      const { browse, layer, listeners, shown } = yield* TestLayers.make
      const [granted, page] = yield* CallbackFlow.run({}, (flow) =>
        Effect.gen(function* () {
          const waiting = yield* Effect.fork(
            flow.authorize({ url: urlFor(flow), serverName: "notes", exchange: Effect.succeed })
          )
          yield* Effect.yieldNow()
          assert.strictEqual((yield* browse(new URL("/favicon.ico", flow.redirectUri))).status, 404)
          while (shown.length === 0) yield* Effect.yieldNow()
          const page = yield* browse(answerFor(flow, { code: "c" }))
          return [yield* Fiber.join(waiting), page] as const
        })).pipe(Effect.provide(layer))
      assert.strictEqual(Redacted.value(granted.code), "c")
      assert.strictEqual(page.status, 200)
      assert.include(page.body, "<h1>Signed in to notes</h1>")
      assert.strictEqual(shown[0]?.serverName, "notes")
      assert.strictEqual(listeners(), 0)
    }))
  it.effect("run a time-out without waiting", () =>
    Effect.gen(function* () {
      const { layer, listeners } = yield* TestLayers.make
      const running = yield* Effect.fork(
        CallbackFlow.run({ host: "localhost" }, (flow) => flow.authorize({ url: urlFor(flow), timeout: "1 hour" }))
          .pipe(
            Effect.provide(layer),
            Effect.flip
          )
      )
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* Fiber.join(running))._tag, "AuthorizationTimeout")
      assert.strictEqual(listeners(), 0)
    }))
})
