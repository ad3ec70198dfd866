/** Many flows in one process. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Queue, Redacted } from "effect"
import { CallbackFlow } from "../../src/index.ts"
import * as Harness from "../fixtures/Harness.ts"
import * as Leaks from "../fixtures/Leaks.ts"

describe("CallbackFlow", () => {
  it.live(
    "completes 1,000 flows opened at once, each with its own code, tells of the end of each, and leaves nothing",
    () =>
      Effect.gen(function* () {
        const count = 1000
        const { layer, notices, paste, shown } = yield* Harness.make
        yield* Effect.provide(CallbackFlow.run({}, () => Effect.void), layer)
        const before = Leaks.held()
        const opened = yield* Queue.unbounded<readonly [CallbackFlow, string]>()
        // Answers only once all of them are open, in an order of its own.
        const answers = Effect.gen(function* () {
          const flows = Array.from(yield* Queue.takeN(opened, count)).reverse()
          yield* Effect.forEach(flows, ([flow, code], index) => {
            const answer = Harness.answerFor(flow, { code })
            return index % 10 === 0 ? paste(answer.href) : Harness.browse(flow, answer)
          }, { concurrency: 50, discard: true })
          return new Set(flows.map(([flow]) => flow.redirectUri)).size
        })
        const signIn = (index: number) =>
          CallbackFlow.run({}, (flow) =>
            Effect.zipRight(
              Queue.offer(opened, [flow, `code-${index}`] as const),
              Effect.map(flow.authorize({ url: Harness.urlFor(flow) }), ({ code }) => Redacted.value(code))
            ))
        const [codes, addresses] = yield* Effect.all([
          Effect.forEach(Array.from({ length: count }, (_, index) => index), signIn, { concurrency: "unbounded" }),
          answers
        ], { concurrency: "unbounded" }).pipe(Effect.provide(layer))
        assert.strictEqual(addresses, count)
        assert.deepStrictEqual(codes, Array.from({ length: count }, (_, index) => `code-${index}`))
        assert.deepStrictEqual(yield* Effect.promise(() => Leaks.leaked(before)), [])
        const told = (tag: "PasteAccepted" | "SignInEnded") =>
          notices.flatMap((notice) => notice._tag === tag ? [notice.id] : []).sort()
        assert.strictEqual(new Set(shown.map(({ id }) => id)).size, count)
        assert.deepStrictEqual(told("SignInEnded"), shown.map(({ id }) => id).sort())
        assert.strictEqual(new Set(told("PasteAccepted")).size, count / 10)
        assert.strictEqual(notices.length, count + count / 10, "and of nothing else")
      }),
    60_000
  )
})
