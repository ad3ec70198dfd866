import { assert, describe, it } from "@effect/vitest"
import { parse } from "../../scripts/soak/options.ts"
import * as Ports from "../../scripts/soak/ports.ts"
import { rounds } from "../../scripts/soak/processes.ts"
import { differences } from "../../scripts/soak/Round.ts"

describe("parse, of the options of the soak", () => {
  it("runs all parts on all runtimes by default", () => {
    assert.deepStrictEqual(parse([], ["a", "b"]), {
      help: false,
      json: false,
      on: ["node", "deno", "bun", "mixed"],
      only: ["a", "b"],
      scale: 1,
      seed: 1
    })
  })

  it("runs what it is told, and says what there is where it is told something else", () => {
    assert.deepInclude(parse(["--only", "b", "--on", "deno", "--scale", "0.5", "--seed", "7"], ["a", "b"]), {
      only: ["b"],
      on: ["deno"],
      scale: 0.5,
      seed: 7
    })
    assert.throws(() => parse(["--only", "a,c"], ["a", "b"]), /no part "c"\. There are: a, b/)
    assert.throws(() => parse(["--on", "perl"], ["a"]), /"perl"\. Use some of: node, deno, bun, mixed/)
    assert.throws(() => parse(["--scale", "0"], ["a"]), /--scale is "0"/)
    assert.throws(() => parse(["--seed", "x"], ["a"]), /--seed is "x"/)
  })
})

describe("rounds, of the soak", () => {
  const names = (on: ReadonlyArray<string>) =>
    rounds({ on, runtimes: ["node", "deno"], scale: 1, seed: 1 }).map(({ name, part }) => `${part}: ${name}`)

  it("are those of each runtime, and of all of them together", () => {
    assert.include(names(["node", "deno", "mixed"]), "refresh: 8 x 50, time is over, node")
    assert.include(names(["mixed"]), "kill: kill -9 x 200, mixed")
    assert.isTrue(names(["deno"]).every((name) => name.endsWith(", deno")))
    assert.deepStrictEqual(names(["bun"]), [])
  })

  it("kill one of six on one port a hundred times, on each runtime and on all of them together", () => {
    const names = Ports.rounds({ on: ["node", "mixed"], runtimes: ["node", "deno"], scale: 1 }).map(({ name }) => name)
    assert.include(names, "6 on one port x 100, the one that has it killed, node")
    assert.include(names, "6 on one port x 100, the one that has it killed, mixed")
    assert.include(names, "10000 flows of one process on one port")
    assert.isFalse(names.some((name) => name.endsWith(", deno")))
  })

  it("have at least 20 points of a sign-in and of a refresh at which a process is killed", () => {
    assert.isAtLeast(names(["node"]).filter((name) => name.startsWith("death: ")).length, 20)
  })
})

describe("differences", () => {
  it("says what is not as expected, also what was not counted", () => {
    assert.deepStrictEqual(differences({ a: 1, b: 2 }, { a: 1, b: 3, c: 0 }), [
      "b: 2 instead of 3",
      "c: undefined instead of 0"
    ])
  })
})
