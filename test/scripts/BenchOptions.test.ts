import { assert, describe, it } from "@effect/vitest"
import { parse, usage } from "../../scripts/bench/options.ts"

describe("parse, of the options of the bench", () => {
  it("chooses every row and both runtimes by default", () => {
    assert.deepStrictEqual(parse([]), {
      help: false,
      json: false,
      only: "",
      rounds: undefined,
      runtimes: ["node", "deno"]
    })
  })

  it("reads options in any order", () => {
    assert.deepStrictEqual(parse(["--rounds", "5", "--json", "--only=HEAP", "--runtime=deno"]), {
      help: false,
      json: true,
      only: "HEAP",
      rounds: 5,
      runtimes: ["deno"]
    })
    assert.isTrue(parse(["--help"]).help)
  })

  it("names the option that is wrong, and what it may be", () => {
    const cases: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
      [["--runtime", "bun"], /no runtime "bun".*node or deno/],
      [["--runtime", ""], /no runtime ""/],
      [["--rounds", "0"], /--rounds is "0".*whole number from 1/],
      [["--rounds=-1"], /--rounds is "-1"/],
      [["--rounds", "2.5"], /--rounds is "2\.5"/],
      [["--rounds", "many"], /--rounds is "many"/],
      [["--rounds", "100000"], /--rounds is "100000"/],
      [["--only", "no such row"], /no row .*"no such row"/],
      [["--only", "(Deno)", "--runtime", "node"], /no row .*"\(Deno\)"/],
      [["--jsn"], /--jsn/],
      [["--json=yes"], /--json/],
      [["heap"], /heap/]
    ]
    for (const [args, message] of cases) assert.throws(() => parse(args), message, args.join(" "))
  })

  it("takes any part of a row's name for --only, in any case, the runtime included", () => {
    for (const only of ["heap", "RELEASE", "(Node)", "./promise", "µs"]) {
      assert.strictEqual(parse(["--only", only]).only, only)
    }
  })

  it("knows each option that the usage lists", () => {
    for (const name of ["--json", "--only", "--runtime", "--rounds"]) assert.include(usage, `\n  ${name} `)
  })
})
