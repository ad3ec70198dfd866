/** Who is told the outcome of a sign-in, when, and how often. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Fiber, Option, TestClock } from "effect"
import { setImmediate } from "node:timers"
import { AuthorizationDenied } from "../../src/core/oauth/FlowError.ts"
import type { Outcome } from "../../src/core/page/CallbackPage.ts"
import { ReleaseBudget } from "../../src/core/ReleaseBudget.ts"
import * as LastPage from "../../src/flow/LastPage.ts"

const signedIn: Outcome = { _tag: "SignedIn" }

/** A writer that keeps what it was given. */
const writer = () => {
  const pages: Array<Outcome> = []
  return { pages, write: (outcome: Outcome) => void pages.push(outcome) }
}

/** Closes a page that expects no browser: there is nothing to wait for. */
const close = (page: LastPage.LastPage) => Effect.runSync(page.close)

/** Lets every other fiber go as far as it can. */
const settled = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

describe("the pages", () => {
  it("are written when the outcome is known, to all that wait", () => {
    const page = LastPage.make()
    const writers = [writer(), writer(), writer()]
    for (const { write } of writers) page.hold(write)
    page.expect()
    assert.deepStrictEqual(writers.map(({ pages }) => pages.length), [0, 0, 0])
    page.settle(signedIn)
    for (const { pages } of writers) assert.deepStrictEqual(pages, [signedIn])
  })

  it("are written at once when the outcome is known already", () => {
    const page = LastPage.make()
    page.settle(signedIn)
    const { pages, write } = writer()
    page.hold(write)
    assert.deepStrictEqual(pages, [signedIn])
  })

  it("are not written for a client that went away", () => {
    const page = LastPage.make()
    const [gone, stays] = [writer(), writer()]
    const withdraw = page.hold(gone.write)
    page.hold(stays.write)
    withdraw()
    withdraw()
    page.settle(signedIn)
    assert.strictEqual(gone.pages.length, 0)
    assert.strictEqual(stays.pages.length, 1)
  })

  it("tell the first outcome only", () => {
    const page = LastPage.make()
    page.settle({ _tag: "Failed" })
    page.settle(signedIn)
    page.answerNeutrally()
    close(page)
    const { pages, write } = writer()
    page.hold(write)
    assert.deepStrictEqual(pages, [{ _tag: "Failed" }])
  })

  it("promise nothing when patience was lost, and tell the outcome to those that ask after it", () => {
    const page = LastPage.make()
    const [before, between, after] = [writer(), writer(), writer()]
    page.hold(before.write)
    page.answerNeutrally()
    page.hold(between.write)
    page.settle(signedIn)
    page.hold(after.write)
    assert.deepStrictEqual(before.pages, [{ _tag: "Received" }])
    assert.deepStrictEqual(between.pages, [{ _tag: "Received" }])
    assert.deepStrictEqual(after.pages, [signedIn])
  })

  it("say that no sign-in waits when the flow was closed", () => {
    const page = LastPage.make()
    const [early, late] = [writer(), writer()]
    page.hold(early.write)
    close(page)
    page.hold(late.write)
    for (const { pages } of [early, late]) assert.deepStrictEqual(pages, [{ _tag: "Closed" }])
  })

  it("are written again for each reload", () => {
    const page = LastPage.make()
    const [first, second, third] = [writer(), writer(), writer()]
    page.expect()
    page.hold(first.write)
    page.settle(signedIn)
    page.hold(second.write)
    close(page)
    page.hold(third.write)
    for (const { pages } of [first, second, third]) assert.deepStrictEqual(pages, [signedIn])
  })

  it("are handed the very outcome, of which each makes its own page", () => {
    const page = LastPage.make()
    const outcome: Outcome = { _tag: "Failed", reason: "The account is locked" }
    const [before, after] = [writer(), writer()]
    page.hold(before.write)
    page.settle(outcome)
    page.hold(after.write)
    for (const { pages } of [before, after]) assert.strictEqual(pages[0], outcome)
  })

  it("are written to the others when one cannot be", () => {
    for (const end of ["settle", "answerNeutrally", "close"] as const) {
      const page = LastPage.make()
      const [before, after] = [writer(), writer()]
      page.hold(before.write)
      page.hold(() => {
        throw new Error("the connection is gone")
      })
      page.hold(after.write)
      if (end === "settle") page.settle(signedIn)
      else if (end === "answerNeutrally") page.answerNeutrally()
      else close(page)
      const outcome = { settle: signedIn, answerNeutrally: { _tag: "Received" }, close: { _tag: "Closed" } }[end]
      for (const { pages } of [before, after]) assert.deepStrictEqual<unknown>(pages, [outcome])
    }
  })

  it("are not written once the writer was withdrawn after the page", () => {
    const page = LastPage.make()
    const { pages, write } = writer()
    const withdraw = page.hold(write)
    page.answerNeutrally()
    withdraw()
    page.settle(signedIn)
    assert.deepStrictEqual(pages, [{ _tag: "Received" }])
  })

  it("reach a writer that was added while pages were written", () => {
    const page = LastPage.make()
    const late = writer()
    page.hold(() => page.hold(late.write))
    page.settle(signedIn)
    assert.deepStrictEqual(late.pages, [signedIn])
  })
})

describe("close", () => {
  /** Begins to close a page, and gives what is left of that after the other fibers had their turn. */
  const closing = (page: LastPage.LastPage) => Effect.tap(Effect.fork(page.close), () => settled)
  const isOver = (fiber: Fiber.RuntimeFiber<void>) => Effect.map(Fiber.poll(fiber), Option.isSome)

  it.effect("waits for no browser that was not sent here, or that has its page", () =>
    Effect.sync(() => {
      const never = LastPage.make()
      never.hold(() => {})
      close(never)

      const fetched = LastPage.make()
      fetched.expect()
      fetched.hold(() => {})
      fetched.settle(signedIn)
      close(fetched)

      // It waits at the page, which is written while the flow closes.
      const waits = LastPage.make()
      waits.expect()
      waits.hold(() => {})
      close(waits)
    }))

  it.effect("waits for a browser that was sent here, until it has its page", () =>
    Effect.gen(function* () {
      const page = LastPage.make()
      page.expect()
      page.settle(signedIn)
      const closed = yield* closing(page)
      assert.isFalse(yield* isOver(closed))
      const { pages, write } = writer()
      page.hold(write)
      assert.deepStrictEqual(pages, [signedIn])
      yield* Fiber.join(closed)
    }))

  it.effect("waits no longer than its budget, by the machine's clock and not by Effect's", () =>
    Effect.gen(function* () {
      const page = LastPage.make()
      page.expect()
      const started = performance.now()
      const closed = yield* closing(page)
      yield* TestClock.adjust("1 hour")
      yield* Fiber.join(closed)
      // A timer may ring one millisecond early.
      assert.isAtLeast(performance.now() - started, ReleaseBudget.lastPage - 2)
    }))
})

const outcomes: ReadonlyArray<Outcome> = [
  signedIn,
  { _tag: "Received" },
  { _tag: "Failed", reason: "The account is locked" },
  { _tag: "Denied", error: new AuthorizationDenied({ error: "access_denied" }) }
]

type Step =
  | { readonly _tag: "Hold" }
  | { readonly _tag: "Withdraw"; readonly writer: number }
  | { readonly _tag: "Settle"; readonly outcome: number }
  | { readonly _tag: "LosePatience" }
  | { readonly _tag: "Close" }

const step: FastCheck.Arbitrary<Step> = FastCheck.oneof(
  { weight: 5, arbitrary: FastCheck.constant<Step>({ _tag: "Hold" }) },
  { weight: 2, arbitrary: FastCheck.nat({ max: 9 }).map((writer): Step => ({ _tag: "Withdraw", writer })) },
  { weight: 2, arbitrary: FastCheck.nat({ max: 3 }).map((outcome): Step => ({ _tag: "Settle", outcome })) },
  { weight: 2, arbitrary: FastCheck.constant<Step>({ _tag: "LosePatience" }) },
  { weight: 1, arbitrary: FastCheck.constant<Step>({ _tag: "Close" }) }
)

describe("for any order of calls", () => {
  it.prop("answers each writer exactly once, with the right page", [
    FastCheck.array(step, { maxLength: 25 })
  ], ([steps]) => {
    const page = LastPage.make()
    const model: {
      outcome: Outcome | undefined
      patient: boolean
      pages: Array<ReadonlyArray<Outcome> | "waiting" | "gone">
    } = { outcome: undefined, patient: true, pages: [] }
    const writers: Array<ReturnType<typeof writer> & { readonly withdraw: () => void }> = []

    const answerAll = (outcome: Outcome) => {
      model.pages = model.pages.map((page) => page === "waiting" ? [outcome] : page)
    }
    const settle = (outcome: Outcome) => {
      if (model.outcome !== undefined) return
      model.outcome = outcome
      answerAll(outcome)
    }

    for (const step of [...steps, { _tag: "Close" } as const]) {
      switch (step._tag) {
        case "Hold": {
          const { pages, write } = writer()
          writers.push({ pages, write, withdraw: page.hold(write) })
          const known = model.outcome ?? (model.patient ? undefined : { _tag: "Received" } as const)
          model.pages.push(known === undefined ? "waiting" : [known])
          break
        }
        case "Withdraw":
          writers[step.writer]?.withdraw()
          if (model.pages[step.writer] === "waiting") model.pages[step.writer] = "gone"
          break
        case "Settle": {
          const outcome = outcomes[step.outcome] ?? signedIn
          page.settle(outcome)
          settle(outcome)
          break
        }
        case "LosePatience":
          page.answerNeutrally()
          if (model.outcome === undefined) {
            model.patient = false
            answerAll({ _tag: "Received" })
          }
          break
        case "Close":
          close(page)
          settle({ _tag: "Closed" })
      }
      assert.deepStrictEqual(
        writers.map(({ pages }) => pages),
        model.pages.map((page) => typeof page === "string" ? [] : [...page])
      )
    }
    assert.notInclude(model.pages, "waiting", "each that did not go away was answered")
  }, { fastCheck: { numRuns: 300 } })
})
