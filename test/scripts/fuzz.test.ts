import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { parse } from "../../scripts/fuzz/options.ts"
import { mustBePrintable, mustHold, mustNotContain } from "../../scripts/fuzz/promises.ts"
import { make } from "../../scripts/fuzz/Target.ts"
import { targets } from "../../scripts/fuzz/targets.ts"

const limits = { inputs: 500, isOver: () => false }

describe("fuzz", () => {
  // A short round; `npm run fuzz` runs as long as it is told.
  for (const { name, run } of targets) {
    it(`finds nothing in 500 inputs of ${name}, and not all of them are refused`, () => {
      const seed = Math.floor(Math.random() * 2 ** 31)
      const { accepted, failure, inputs } = run(FastCheck, { ...limits, seed })
      assert.isUndefined(failure, `seed ${seed}`)
      assert.strictEqual(inputs, 500)
      assert.isAbove(accepted, 0)
    })
  }

  it("finds what does not hold, makes it small, and draws it again by its seed", () => {
    const broken = make("broken", (fc) => fc.string({ maxLength: 50 }), (text) => {
      mustHold(!text.includes("x"), "an x")
      return true
    })
    const first = broken.run(FastCheck, { inputs: 100_000, seed: 1, isOver: () => false })
    assert.strictEqual(first.failure?.input, JSON.stringify("x"))
    assert.include(first.failure?.problem, "an x")
    const again = broken.run(FastCheck, { inputs: 100_000, seed: first.failure?.seed ?? 0, isOver: () => false })
    assert.deepStrictEqual(again.failure, first.failure)
  })

  it("ends when its time is over", () => {
    let drawn = 0
    const endless = make("endless", (fc) => fc.nat(), () => true)
    const { inputs } = endless.run(FastCheck, { inputs: Infinity, seed: 1, isOver: () => ++drawn > 2500 })
    assert.isBelow(inputs, 2500)
  })

  it("sees a control character, a long text and a secret wherever they stand in an error", () => {
    const error = Object.assign(new Error("fine"), { detail: { list: ["the secret"] } })
    assert.throws(() => mustNotContain(error, ["secret"]), /secret/)
    mustNotContain(error, ["other"])
    for (const text of ["\u001b", "\u009b", "\u202e", "\u2028", "\ud800", "\n", "x".repeat(30_000)]) {
      assert.throws(() => mustBePrintable(Object.assign(new Error("fine"), { detail: [text] })))
      assert.throws(() => mustBePrintable(new Error(text)))
    }
    mustBePrintable(error)
  })
})

describe("parse, of the options of the fuzzer", () => {
  it("runs for a minute by default, and for as long as its inputs take when they are counted", () => {
    assert.include(parse([], ["a"]), { seconds: 60, inputs: Infinity, only: "", help: false })
    assert.include(parse(["--inputs", "10", "--seed", "7"], ["a"]), { seconds: Infinity, inputs: 10, seed: 7 })
  })

  it("says what is wrong, and what there is", () => {
    assert.throws(() => parse(["--seconds", "soon"], ["a"]), /--seconds is "soon"/)
    assert.throws(() => parse(["--only", "b"], ["a", "c"]), /"b"\. There are: a, c/)
  })
})
