import { assert, describe, it } from "@effect/vitest"
import { fullName, isNamed, json, type Result, table } from "../../scripts/bench/results.ts"
import { type TargetKey, targets } from "../../scripts/bench/targets.ts"

const row = (key: TargetKey, value: number, more: Partial<Result> = {}): Result => ({
  key,
  name: targets[key].name,
  runtime: "node",
  unit: targets[key].unit,
  value,
  spread: [value / 2, value * 2],
  ours: 2,
  base: 1,
  samples: 5,
  ...more
})
const shown = (name: string, value: number, more: Partial<Result> = {}): Result => {
  const { key: _, ...result } = row("heap", value, { name, unit: "ms", ...more })
  return result
}

describe("json", () => {
  it("is one line, with the rows that have a target apart from those that are only shown", () => {
    const text = json([
      row("start", 1.23456, { paired: 1.98765 }),
      shown("raw receiver", 7, { base: undefined }),
      row("junk", 0.8, { runtime: "deno" })
    ])
    assert.notInclude(text, "\n")
    assert.deepStrictEqual(JSON.parse(text), {
      rows: [
        {
          name: fullName(targets.start.name, "node"),
          ratio: 1.235,
          target: 1.35,
          better: "lower",
          runtime: "node",
          unit: "ratio",
          spread: [0.6173, 2.469],
          paired: 1.988,
          ours: 2,
          base: 1,
          samples: 5
        },
        {
          name: fullName(targets.junk.name, "deno"),
          ratio: 0.8,
          target: 0.7,
          better: "higher",
          runtime: "deno",
          unit: "ratio",
          spread: [0.4, 1.6],
          ours: 2,
          base: 1,
          samples: 5
        }
      ],
      peers: [{
        name: "raw receiver (Node)",
        ratio: 7,
        runtime: "node",
        unit: "ms",
        spread: [3.5, 14],
        ours: 2,
        base: null,
        samples: 5
      }]
    })
    assert.deepStrictEqual(JSON.parse(json([])), { rows: [], peers: [] })
  })
})

describe("table", () => {
  it("marks the rows that missed their target, for better lower and higher, and counts them", () => {
    const text = table([
      row("start", 1.35),
      row("heap", 40.01),
      row("junk", 0.69),
      row("release", 5),
      shown("raw", 999)
    ])
    const lines = text.split("\n")
    const under = (key: TargetKey) => lines[lines.indexOf(`  ${targets[key].name}`) + 1] ?? ""
    assert.notInclude(under("start"), "missed", "a target is met when it is reached")
    assert.include(under("heap"), "missed")
    assert.include(under("junk"), "missed")
    assert.match(under("junk"), /≥ 0\.7/)
    assert.match(under("release"), /Node +5\.00 ms .*≤ 5$|Node +5\.00 ms .*≤ 5 /)
    assert.include(text, "\n2 of 4 targets met.\n")
    assert.isBelow(text.indexOf("With a target"), text.indexOf("For comparison"))
    assert.isBelow(text.indexOf("For comparison"), text.indexOf("\n  raw\n"))
  })

  it("puts the lines of both runtimes under one heading, in whatever order they come", () => {
    const text = table([row("start", 1), row("heap", 1), row("start", 2, { runtime: "deno" })])
    assert.strictEqual(text.split(targets.start.name).length, 2)
    assert.match(text, /\n {4}Node +1\.00×.*\n {4}Deno +2\.00×.*missed/)
  })

  it("omits a heading that has no rows", () => {
    assert.strictEqual(table([]), "\n0 of 0 targets met.\n")
    assert.notInclude(table([shown("raw", 1)]), "With a target")
  })
})

describe("isNamed", () => {
  it("finds a part of the full name, in any case", () => {
    assert.isTrue(isNamed("", "heap", "node"))
    assert.isTrue(isNamed("HEAP (node)", "heap", "node"))
    assert.isFalse(isNamed("(deno)", "heap", "node"))
  })
})

describe("the targets of the bench", () => {
  it("have distinct names, which end with the unit unless it is a ratio", () => {
    const all = Object.values(targets)
    assert.strictEqual(new Set(all.map(({ name }) => name)).size, all.length)
    for (const { name, target, unit } of all) {
      assert.isAbove(target, 0)
      if (unit !== "ratio") assert.isTrue(name.endsWith(`, ${unit}`), name)
    }
  })
})
