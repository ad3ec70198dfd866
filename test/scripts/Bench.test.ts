import { assert, describe, it } from "@effect/vitest"
import { alternate, type Bench, figureRow, figureShown, ratioRow, ratioShown } from "../../scripts/bench/Bench.ts"
import { targets } from "../../scripts/bench/targets.ts"

const unused = () => assert.fail("making a row must not start a program")
const bench: Bench = {
  runtime: "deno",
  folder: "",
  hasPeers: true,
  rounds: (usual) => usual,
  start: unused,
  read: unused,
  load: unused,
  note: unused
}

describe("rows of the bench", () => {
  it("ratioRow has both medians, and counts the samples of the way that has fewer", () => {
    assert.deepStrictEqual(ratioRow("start", bench, [2, 4, 6], [1, 2]), [{
      key: "start",
      name: targets.start.name,
      runtime: "deno",
      unit: "ratio",
      value: 4 / 1.5,
      spread: [2, 2],
      paired: 2,
      ours: 4,
      base: 1.5,
      samples: 2
    }])
  })

  it("figureRow has the unit of its target, and the median of its base when there is one", () => {
    const [alone] = figureRow("heap", bench, [12, 14, 16])
    assert.include(alone, { key: "heap", unit: "KiB", value: 14, ours: 14, base: undefined, samples: 3 })
    assert.include(figureRow("heap", bench, [12], [3, 5])[0], { value: 12, base: 4 })
  })

  it("ratioShown and figureShown have no key, and the name of a figure ends with its unit", () => {
    assert.notProperty(ratioShown("peer", bench, [1], [2])[0], "key")
    assert.include(ratioShown("peer", bench, [1], [2])[0], { name: "peer", unit: "ratio", value: 0.5 })
    assert.include(figureShown("raw", bench, "ms", [1])[0], { name: "raw, ms", unit: "ms", value: 1 })
    assert.notProperty(figureShown("raw", bench, "ms", [1])[0], "key")
  })

  it("are left out when samples are missing or not finite", () => {
    const none: ReadonlyArray<ReadonlyArray<unknown>> = [
      ratioRow("start", bench),
      ratioRow("start", bench, [], [1]),
      ratioRow("start", bench, [1], []),
      ratioRow("start", bench, [1], [0]),
      ratioShown("peer", bench, [NaN], [1]),
      figureRow("heap", bench),
      figureShown("raw", bench, "ms", [])
    ]
    assert.deepStrictEqual(none, none.map(() => []))
  })
})

describe("alternate", () => {
  it("takes samples of each way in turn, and begins each round with another way", async () => {
    const order: Array<string> = []
    const way = (name: string) => () => Promise.resolve(order.push(name))
    const samples = await alternate({ a: way("a"), b: way("b"), c: way("c") }, 4)
    assert.strictEqual(order.join(""), "abcbcacababc")
    assert.deepStrictEqual(samples, { a: [1, 6, 8, 10], b: [2, 4, 9, 11], c: [3, 5, 7, 12] })
  })

  it("runs one way at a time", async () => {
    let running = 0
    const way = async () => {
      assert.strictEqual(++running, 1)
      await new Promise((resolve) => setTimeout(resolve, 1))
      return --running
    }
    await alternate({ ours: way, base: way }, 3)
  })

  it("takes no samples in zero rounds, and rejects with the first error", async () => {
    assert.deepStrictEqual(await alternate({ ours: unused }, 0), { ours: [] })
    const broken = new Error("broken")
    const error = await alternate({ ours: () => Promise.reject(broken), base: unused }, 2).catch((error) => error)
    assert.strictEqual(error, broken)
  })
})
