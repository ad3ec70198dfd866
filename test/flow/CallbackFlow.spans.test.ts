import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Logger, LogLevel, Redacted, Scope } from "effect"
import { CallbackFlow } from "../../src/flow/CallbackFlow.ts"
import * as Harness from "../fixtures/Harness.ts"
import * as SpanRecorder from "../fixtures/SpanRecorder.ts"

/** A recorder, and what runs an effect below a caller's span. */
const tracer = () => {
  const recorder = SpanRecorder.make()
  const traced = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    SpanRecorder.record(recorder)(Effect.withSpan(effect, "caller"))
  return { spans: recorder.spans, traced }
}

const { urlFor } = Harness
const answer = (flow: CallbackFlow, query = "code=c") =>
  Effect.orDie(flow.submit(`${flow.redirectUri}?${query}&state=${Redacted.value(flow.state)}`))
const inner = <A, E, R>(name: string, effect: Effect.Effect<A, E, R>) => Effect.withSpan(effect, name)

const ways = {
  run: (use: (flow: CallbackFlow) => Effect.Effect<unknown, unknown>) => CallbackFlow.run({ paste: false }, use),
  open: (use: (flow: CallbackFlow) => Effect.Effect<unknown, unknown>) =>
    Effect.scoped(Effect.flatMap(CallbackFlow.open({ paste: false }), use))
}

describe("the spans of a flow", () => {
  for (const [way, withFlow] of Object.entries(ways)) {
    it.scopedLive(`are below the caller's, and above what is shown and exchanged (${way})`, () =>
      Effect.gen(function* () {
        const { layer } = yield* Harness.make
        const { spans, traced } = tracer()
        const signIn = withFlow((flow) =>
          flow.authorize({
            url: urlFor(flow),
            present: () => inner("present", answer(flow)),
            exchange: () => inner("exchange", Effect.void)
          })
        )
        yield* traced(Effect.zipRight(signIn, inner("after", Effect.void))).pipe(Effect.provide(layer))
        assert.deepStrictEqual(spans.map(({ below, ended, name }) => [name, below, ended]), [
          ["caller", undefined, "Success"],
          ["CallbackFlow.open", "caller", "Success"],
          ["CallbackFlow.authorize", "caller", "Success"],
          ["present", "CallbackFlow.authorize", "Success"],
          ["exchange", "CallbackFlow.authorize", "Success"],
          ["after", "caller", "Success"]
        ])
      }))
  }

  it.scopedLive("end with what came of it: a refusal, a failed exchange, an interrupt, options that cannot work", () =>
    Effect.gen(function* () {
      const { layer } = yield* Harness.make
      const wait = (flow: CallbackFlow) => flow.authorize({ url: urlFor(flow), present: false })
      const failing: ReadonlyArray<(flow: CallbackFlow) => Effect.Effect<unknown, unknown>> = [
        (flow) => Effect.zipRight(answer(flow, "error=access_denied"), wait(flow)),
        (flow) =>
          flow.authorize({
            url: urlFor(flow),
            present: () => answer(flow),
            exchange: () => Effect.fail("no")
          }),
        (flow) => Effect.timeout(wait(flow), "10 millis")
      ]
      for (const use of failing) {
        const { spans, traced } = tracer()
        yield* Effect.exit(traced(CallbackFlow.run({ paste: false }, use)).pipe(Effect.provide(layer)))
        assert.deepStrictEqual(spans.slice(1).map(({ ended, name }) => [name, ended]), [
          ["CallbackFlow.open", "Success"],
          ["CallbackFlow.authorize", "Failure"]
        ])
      }
      const { spans, traced } = tracer()
      yield* Effect.exit(traced(CallbackFlow.run({ port: -1 }, wait)).pipe(Effect.provide(layer)))
      assert.deepStrictEqual(spans.map(({ ended, name }) => [name, ended]), [
        ["caller", "Failure"],
        ["CallbackFlow.open", "Failure"]
      ])
    }))

  it.scopedLive("are there for an exchange also where nobody traces, for its errors say where they come from", () =>
    Effect.gen(function* () {
      const { layer } = yield* Harness.make
      const name = yield* CallbackFlow.run({ paste: false }, (flow) =>
        flow.authorize({
          url: urlFor(flow),
          present: () => answer(flow),
          exchange: () => Effect.map(Effect.orDie(Effect.currentSpan), ({ name }) => name)
        })).pipe(Effect.provide(layer))
      assert.strictEqual(name, "CallbackFlow.authorize")
    }))
})

describe("the log of a flow", () => {
  it.scopedLive("is at Debug, and silent above it", () =>
    Effect.gen(function* () {
      const { layer } = yield* Harness.make
      for (const [level, lines] of [[LogLevel.Debug, 2], [LogLevel.Info, 0]] as const) {
        const logged: Array<string> = []
        const logger = Logger.make(({ logLevel, message }) => void logged.push(`${logLevel.label} ${String(message)}`))
        const scope = yield* Scope.make()
        yield* CallbackFlow.run({ paste: false }, (flow) =>
          flow.authorize({ url: urlFor(flow), present: () => answer(flow) })).pipe(
            Effect.provide(Layer.merge(layer, Logger.replace(Logger.defaultLogger, logger))),
            Logger.withMinimumLogLevel(level)
          )
        yield* Scope.close(scope, Exit.void)
        assert.strictEqual(logged.length, lines, logged.join("\n"))
        for (const line of logged) {
          assert.match(line, /^DEBUG /)
        }
      }
    }))
})
