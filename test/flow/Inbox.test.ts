import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Exit, FastCheck, Fiber, Option, Redacted } from "effect"
import { setImmediate } from "node:timers"
import * as AuthorizationResponse from "../../src/core/oauth/AuthorizationResponse.ts"
import { AuthorizationDenied } from "../../src/core/oauth/FlowError.ts"
import type { Outcome } from "../../src/core/page/CallbackPage.ts"
import * as PendingResponse from "../../src/flow/PendingResponse.ts"

/** A response that passed the check of its state; each is an object of its own. */
const response = (): AuthorizationResponse.Matched =>
  Either.getOrThrow(
    AuthorizationResponse.matchState(AuthorizationResponse.parse("state=s&code=c"), Redacted.make("s"))
  )

const signedIn: Outcome = { _tag: "SignedIn" }

/** A writer that keeps what it was given. */
const writer = () => {
  const pages: Array<Outcome> = []
  return { pages, write: (outcome: Outcome) => void pages.push(outcome) }
}

/** Lets every other fiber go as far as it can. */
const settled = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

describe("take", () => {
  it.effect("lets the first response win, whichever way it came", () =>
    Effect.gen(function* () {
      for (const [first, second] of [["http", "paste"], ["paste", "http"]] as const) {
        const pending = PendingResponse.make()
        const [winner, loser] = [response(), response()]
        assert.isTrue(pending.take(winner, first))
        assert.isFalse(pending.take(loser, second))
        assert.isFalse(pending.take(winner, first))
        const arrival = yield* pending.arrival
        assert.strictEqual(arrival.response, winner)
        assert.strictEqual(arrival.via, first)
        assert.isTrue(pending.isOver())
      }
    }))

  it.effect("keeps the length of the text that the first response was in, where the person is to be told", () =>
    Effect.gen(function* () {
      for (const characters of [undefined, 0, 2812]) {
        const pending = PendingResponse.make()
        pending.take(response(), "paste", characters)
        pending.take(response(), "paste", 7)
        assert.strictEqual((yield* pending.arrival).characters, characters)
      }
    }))

  it.effect("wakes whoever waits already", () =>
    Effect.gen(function* () {
      const pending = PendingResponse.make()
      const waiting = yield* Effect.fork(pending.arrival)
      yield* settled
      assert.isTrue(Option.isNone(yield* Fiber.poll(waiting)))
      pending.take(response(), "http")
      assert.strictEqual((yield* Fiber.join(waiting)).via, "http")
    }))

  it.effect("keeps a response for who comes later", () =>
    Effect.gen(function* () {
      const pending = PendingResponse.make()
      pending.take(response(), "paste")
      assert.strictEqual((yield* pending.arrival).via, "paste")
      assert.strictEqual((yield* pending.arrival).via, "paste")
    }))

  it("takes nothing once the outcome is known", () => {
    const pending = PendingResponse.make()
    pending.settle({ _tag: "Closed" })
    assert.isTrue(pending.isOver())
    assert.isFalse(pending.take(response(), "http"))
  })

  it("takes nothing after close", () => {
    const pending = PendingResponse.make()
    pending.close()
    assert.isFalse(pending.take(response(), "http"))
  })

  it.effect("is still possible after patience was lost over nothing", () =>
    Effect.gen(function* () {
      const pending = PendingResponse.make()
      pending.losePatience()
      assert.isFalse(pending.isOver())
      assert.isTrue(pending.take(response(), "http"))
      assert.strictEqual((yield* pending.arrival).via, "http")
    }))
})

describe("arrival", () => {
  it.effect("is interrupted when the flow ends without a response", () =>
    Effect.gen(function* () {
      const pending = PendingResponse.make()
      const waiting = yield* Effect.fork(pending.arrival)
      yield* settled
      pending.close()
      assert.isTrue(Exit.isInterrupted(yield* Fiber.await(waiting)))
      assert.isTrue(Exit.isInterrupted(yield* Effect.exit(pending.arrival)))
    }))

  it.effect("stays what it was when the flow ends afterwards", () =>
    Effect.gen(function* () {
      const pending = PendingResponse.make()
      pending.take(response(), "http")
      pending.close()
      assert.strictEqual((yield* pending.arrival).via, "http")
    }))
})

describe("isSettled", () => {
  it("is whether the outcome is known, which a response alone does not tell", () => {
    const pending = PendingResponse.make()
    assert.isFalse(pending.isSettled())
    pending.take(response(), "http")
    pending.losePatience()
    assert.isFalse(pending.isSettled())
    pending.settle(signedIn)
    assert.isTrue(pending.isSettled())
    assert.isFalse(pending.isClosed())
    pending.close()
    assert.isTrue(pending.isClosed())
  })
})

describe("onClose", () => {
  it("calls back through nothing but close, once, and at once when that was before", () => {
    const pending = PendingResponse.make()
    let closed = 0
    const takenBack = pending.onClose(() => closed += 10)
    pending.onClose(() => closed++)
    pending.take(response(), "http")
    pending.losePatience()
    pending.settle(signedIn)
    takenBack()
    assert.strictEqual(closed, 0)
    pending.close()
    pending.close()
    assert.strictEqual(closed, 1)
    pending.onClose(() => closed++)
    assert.strictEqual(closed, 2)
  })
})

describe("pages", () => {
  it("are written when the outcome is known, to all that wait", () => {
    const pending = PendingResponse.make()
    const writers = [writer(), writer(), writer()]
    for (const { write } of writers) pending.onOutcome(write)
    pending.take(response(), "http")
    assert.deepStrictEqual(writers.map(({ pages }) => pages.length), [0, 0, 0])
    pending.settle(signedIn)
    for (const { pages } of writers) assert.deepStrictEqual(pages, [signedIn])
  })

  it("are written at once when the outcome is known already", () => {
    const pending = PendingResponse.make()
    pending.settle(signedIn)
    const { pages, write } = writer()
    pending.onOutcome(write)
    assert.deepStrictEqual(pages, [signedIn])
  })

  it("are not written for a client that went away", () => {
    const pending = PendingResponse.make()
    const [gone, stays] = [writer(), writer()]
    const takeBack = pending.onOutcome(gone.write)
    pending.onOutcome(stays.write)
    takeBack()
    takeBack()
    pending.settle(signedIn)
    assert.strictEqual(gone.pages.length, 0)
    assert.strictEqual(stays.pages.length, 1)
  })

  it("tell the first outcome only", () => {
    const pending = PendingResponse.make()
    pending.settle({ _tag: "Failed" })
    pending.settle(signedIn)
    pending.losePatience()
    pending.close()
    const { pages, write } = writer()
    pending.onOutcome(write)
    assert.deepStrictEqual(pages, [{ _tag: "Failed" }])
  })

  it("promise nothing when patience was lost, and tell the outcome to who asks after it", () => {
    const pending = PendingResponse.make()
    const [before, between, after] = [writer(), writer(), writer()]
    pending.onOutcome(before.write)
    pending.losePatience()
    pending.onOutcome(between.write)
    pending.settle(signedIn)
    pending.onOutcome(after.write)
    assert.deepStrictEqual(before.pages, [{ _tag: "Received" }])
    assert.deepStrictEqual(between.pages, [{ _tag: "Received" }])
    assert.deepStrictEqual(after.pages, [signedIn])
  })

  it("say that nobody waits when the flow was closed", () => {
    const pending = PendingResponse.make()
    const [early, late] = [writer(), writer()]
    pending.onOutcome(early.write)
    pending.close()
    pending.onOutcome(late.write)
    for (const { pages } of [early, late]) assert.deepStrictEqual(pages, [{ _tag: "Closed" }])
  })

  it("are written again for each reload", () => {
    const pending = PendingResponse.make()
    pending.take(response(), "http")
    const [first, second, third] = [writer(), writer(), writer()]
    pending.onOutcome(first.write)
    pending.settle(signedIn)
    pending.onOutcome(second.write)
    pending.close()
    pending.onOutcome(third.write)
    for (const { pages } of [first, second, third]) assert.deepStrictEqual(pages, [signedIn])
  })

  it("are handed the very outcome, of which each makes its own page", () => {
    const pending = PendingResponse.make()
    const outcome: Outcome = { _tag: "Failed", reason: "The account is locked" }
    const [before, after] = [writer(), writer()]
    pending.onOutcome(before.write)
    pending.settle(outcome)
    pending.onOutcome(after.write)
    for (const { pages } of [before, after]) assert.strictEqual(pages[0], outcome)
  })

  it("are written to the others when one cannot be", () => {
    for (const end of ["settle", "losePatience", "close"] as const) {
      const pending = PendingResponse.make()
      const [before, after] = [writer(), writer()]
      pending.onOutcome(before.write)
      pending.onOutcome(() => {
        throw new Error("the connection is gone")
      })
      pending.onOutcome(after.write)
      if (end === "settle") pending.settle(signedIn)
      else pending[end]()
      const outcome = { settle: signedIn, losePatience: { _tag: "Received" }, close: { _tag: "Closed" } }[end]
      for (const { pages } of [before, after]) assert.deepStrictEqual<unknown>(pages, [outcome])
    }
  })

  it("are not written once the writer was taken back after the page", () => {
    const pending = PendingResponse.make()
    const { pages, write } = writer()
    const takeBack = pending.onOutcome(write)
    pending.losePatience()
    takeBack()
    pending.settle(signedIn)
    assert.deepStrictEqual(pages, [{ _tag: "Received" }])
  })

  it("reach a writer that was added while pages were written", () => {
    const pending = PendingResponse.make()
    const late = writer()
    pending.onOutcome(() => pending.onOutcome(late.write))
    pending.settle(signedIn)
    assert.deepStrictEqual(late.pages, [signedIn])
  })
})

const outcomes: ReadonlyArray<Outcome> = [
  signedIn,
  { _tag: "Received" },
  { _tag: "Failed", reason: "The account is locked" },
  { _tag: "Denied", error: new AuthorizationDenied({ error: "access_denied" }) }
]

type Step =
  | { readonly _tag: "Take"; readonly via: PendingResponse.Via; readonly characters?: number | undefined }
  | { readonly _tag: "OnOutcome" }
  | { readonly _tag: "TakeBack"; readonly writer: number }
  | { readonly _tag: "Settle"; readonly outcome: number }
  | { readonly _tag: "LosePatience" }
  | { readonly _tag: "Close" }

const step: FastCheck.Arbitrary<Step> = FastCheck.oneof(
  { weight: 1, arbitrary: FastCheck.constant<Step>({ _tag: "Take", via: "http" }) },
  {
    weight: 1,
    arbitrary: FastCheck.option(FastCheck.nat(), { nil: undefined }).map((characters): Step => ({
      _tag: "Take",
      via: "paste",
      characters
    }))
  },
  { weight: 5, arbitrary: FastCheck.constant<Step>({ _tag: "OnOutcome" }) },
  { weight: 2, arbitrary: FastCheck.nat({ max: 9 }).map((writer): Step => ({ _tag: "TakeBack", writer })) },
  { weight: 2, arbitrary: FastCheck.nat({ max: 3 }).map((outcome): Step => ({ _tag: "Settle", outcome })) },
  { weight: 2, arbitrary: FastCheck.constant<Step>({ _tag: "LosePatience" }) },
  { weight: 1, arbitrary: FastCheck.constant<Step>({ _tag: "Close" }) }
)

describe("for any order of calls", () => {
  it.effect.prop("takes one response, and answers each writer exactly once, with the right page", [
    FastCheck.array(step, { maxLength: 25 })
  ], ([steps]) =>
    Effect.gen(function* () {
      const pending = PendingResponse.make()
      const early = yield* Effect.fork(pending.arrival)
      yield* settled

      const model: {
        arrival: PendingResponse.Arrival | "interrupted" | undefined
        outcome: Outcome | undefined
        patient: boolean
        closed: boolean
        pages: Array<ReadonlyArray<Outcome> | "waiting" | "gone">
      } = { arrival: undefined, outcome: undefined, patient: true, closed: false, pages: [] }
      const writers: Array<ReturnType<typeof writer> & { readonly takeBack: () => void }> = []

      const answerAll = (outcome: Outcome) => {
        model.pages = model.pages.map((page) => page === "waiting" ? [outcome] : page)
      }
      const settle = (outcome: Outcome) => {
        if (model.outcome !== undefined) return
        model.outcome = outcome
        model.arrival ??= "interrupted"
        answerAll(outcome)
      }

      for (const step of [...steps, { _tag: "Close" } as const]) {
        switch (step._tag) {
          case "Take": {
            const { characters, via } = step
            const arrival: PendingResponse.Arrival = { response: response(), via, characters }
            assert.strictEqual(pending.take(arrival.response, via, characters), model.arrival === undefined)
            model.arrival ??= arrival
            break
          }
          case "OnOutcome": {
            const { pages, write } = writer()
            writers.push({ pages, write, takeBack: pending.onOutcome(write) })
            const known = model.outcome ?? (model.patient ? undefined : { _tag: "Received" } as const)
            model.pages.push(known === undefined ? "waiting" : [known])
            break
          }
          case "TakeBack":
            writers[step.writer]?.takeBack()
            if (model.pages[step.writer] === "waiting") model.pages[step.writer] = "gone"
            break
          case "Settle": {
            const outcome = outcomes[step.outcome] ?? signedIn
            pending.settle(outcome)
            settle(outcome)
            break
          }
          case "LosePatience":
            pending.losePatience()
            if (model.outcome === undefined) {
              model.patient = false
              answerAll({ _tag: "Received" })
            }
            break
          case "Close":
            pending.close()
            settle({ _tag: "Closed" })
            model.closed = true
        }
        assert.strictEqual(pending.isOver(), model.arrival !== undefined)
        assert.strictEqual(pending.isSettled(), model.outcome !== undefined)
        assert.strictEqual(pending.isClosed(), model.closed)
        assert.deepStrictEqual(
          writers.map(({ pages }) => pages),
          model.pages.map((page) => typeof page === "string" ? [] : [...page])
        )
      }

      assert.notInclude(model.pages, "waiting", "whoever did not go away was answered")
      for (const exit of [yield* Fiber.await(early), yield* Effect.exit(pending.arrival)]) {
        if (model.arrival === "interrupted") assert.isTrue(Exit.isInterrupted(exit))
        else {
          const arrival = Exit.isSuccess(exit) ? exit.value : assert.fail("the response was lost")
          assert.strictEqual(arrival.response, model.arrival?.response)
          assert.strictEqual(arrival.via, model.arrival?.via)
          assert.strictEqual(arrival.characters, model.arrival?.characters)
        }
      }
      let closed = false
      pending.onClose(() => closed = true)
      assert.isTrue(closed)
    }))
})
