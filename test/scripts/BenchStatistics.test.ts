import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { figure, median, quantile, ratio } from "../../scripts/bench/statistics.ts"

const times = fc.array(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 30 })

describe("median", () => {
  it("is the middle value, or the mean of the two in the middle", () => {
    assert.strictEqual(median([3]), 3)
    assert.strictEqual(median([9, 1, 5]), 5)
    assert.strictEqual(median([4, 1, 2, 3]), 2.5)
    assert.strictEqual(median([10, 9, 1, 100]), 9.5, "numbers are sorted as numbers")
  })
})

describe("quantile", () => {
  it("is linear between neighbours", () => {
    const values = [50, 10, 40, 20, 30]
    assert.deepStrictEqual([0, 0.1, 0.25, 0.5, 0.75, 1].map((at) => quantile(values, at)), [10, 14, 20, 30, 40, 50])
    assert.deepStrictEqual(values, [50, 10, 40, 20, 30], "the samples stay in their order")
  })
})

describe("figure and ratio", () => {
  it("are not a number when there are no samples", () => {
    assert.isNaN(median([]))
    assert.isNaN(figure([]).value)
    assert.isNaN(ratio([], [1]).value)
    assert.isNaN(ratio([1], []).value)
  })

  it("have the quartiles as their spread", () => {
    assert.deepStrictEqual(figure([1, 2, 3, 4, 5]), { value: 3, spread: [2, 4] })
  })

  it("have the ratio of medians, and the median of the ratios of samples taken side by side", () => {
    const { paired, spread, value } = ratio([2, 40, 6], [1, 10, 2])
    assert.strictEqual(value, 3)
    assert.strictEqual(paired, 3)
    assert.deepStrictEqual(spread, [2.5, 3.5])
    assert.strictEqual(ratio([4, 4, 4, 400], [2, 2, 2]).paired, 2, "a sample without a partner is in no pair")
  })

  it("lie within the samples", () => {
    fc.assert(fc.property(times, fc.double({ min: 0, max: 1, noNaN: true }), (values, at) => {
      const [low, high] = [Math.min(...values), Math.max(...values)]
      const value = quantile(values, at)
      assert.isTrue(value >= low && value <= high * (1 + 1e-12))
      assert.isAtMost(quantile(values, at / 2), value * (1 + 1e-12))
    }))
  })

  it("do not depend on the order of the samples, nor a ratio on their unit", () => {
    fc.assert(fc.property(times, fc.constantFrom(2, 1024), (values, unit) => {
      assert.deepStrictEqual(figure([...values].reverse()), figure(values))
      const scaled = values.map((value) => value * unit)
      assert.deepStrictEqual(ratio(scaled, scaled), { value: 1, spread: [1, 1], paired: 1 })
      assert.strictEqual(ratio(scaled, values).value, unit)
    }))
  })
})
