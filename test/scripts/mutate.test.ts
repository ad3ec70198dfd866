/** How sources are broken on purpose, and that every threat of SECURITY.md has a guard which can be taken away. */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "vitest"
import { disagreements } from "../../scripts/mutate/agreement.ts"
import { guards } from "../../scripts/mutate/guards.ts"
import { instrument, withSteps } from "../../scripts/mutate/instrument.ts"
import { patterns } from "../../scripts/mutate/operators.ts"
import { problemOf } from "../../scripts/mutate/removeGuards.ts"
import { Switch } from "../../scripts/mutate/Switch.ts"

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")

describe("the guards", () => {
  it("are those of SECURITY.md: each threat has one, and each has its test below its threat", () => {
    assert.deepStrictEqual(disagreements(read(".github/SECURITY.md"), guards), [])
  })

  it("are missed where the document has another threat, or not the test", () => {
    const [first] = guards
    assert(first !== undefined)
    const document = (threat: string, name: string) =>
      `## The threats, and\n\n### ${threat}\n\nWords.\n\n- \`${
        first.test[0]
      }\`: "x", "${name}"\n\n## Known limits\n### Not one\n`
    assert.deepStrictEqual(disagreements(document(first.threat, first.test[1]), [first]), [])
    assert.lengthOf(disagreements(document(first.threat, "another"), [first]), 1)
    assert.lengthOf(disagreements(document("Another", first.test[1]), [first]), 2)
  })

  it("stand at one place of their source each", () => {
    const problems = guards.map((guard) => problemOf(guard, read(guard.file)))
    assert.deepStrictEqual(problems.filter((problem) => problem !== undefined), [])
  })
})

describe("a source with its mutants", () => {
  /** What `f` gives with each mutant, the source itself first. */
  const results = (body: string, input: unknown): ReadonlyArray<unknown> => {
    const { code, mutants } = instrument(`const f = (input) => ${body}`)
    const mutation = new Switch()
    const load = new Function("__mutation", `${code}; return f`)
    return [0, ...mutants.map(({ id }) => id)].map((id) => {
      mutation.choose(id, 1000)
      try {
        return load(mutation)(input)
      } catch {
        return "thrown"
      }
    })
  }

  it("is itself while none is on, and one change with each", () => {
    assert.deepStrictEqual(results("input.a && !input.b", { a: true, b: true }), [
      false,
      undefined, // no function
      true, // ||
      true, // true
      false, // false
      true // without !
    ])
  })

  it("keeps what a method is called on, and the end of a chain", () => {
    assert.deepStrictEqual(results('input.a?.b.startsWith("x")', {}).slice(0, 1), [undefined])
    assert.deepStrictEqual(results('input.trim().startsWith("x")', " x")[0], true)
  })

  it("ends a loop that a mutant has made endless", () => {
    const found = results("{ let n = 0; while (n < input) n++; return n }", 3)
    assert.strictEqual(found[0], 3)
    assert.include(found, "thrown")
  })

  it("ends a loop of another source that it leaves without an end, and counts anew for each test", () => {
    const code = withSteps("let left = 3\nwhile (left !== 0) left--\n")
    const count = new Function("__mutation", `${code}; return left`)
    const mutation = new Switch()
    mutation.choose(1, 60_000)
    assert.strictEqual(count(mutation), 0)
    const endless = new Function("__mutation", withSteps("for (;;) {}"))
    assert.throws(() => endless(mutation), "no end")
    assert.throws(() => count({ step: () => mutation.step(4096) }), "no end")
    mutation.rewind(0)
    assert.strictEqual(count(mutation), 0)
  })

  it("lets a test go round more often whose loops do so without a mutant", () => {
    const mutation = new Switch()
    const goRound = (times: number) => {
      for (let done = 0; done < times; done++) mutation.step(4096)
    }
    goRound(5000)
    const usual = mutation.steps()
    mutation.choose(1, 60_000)
    mutation.rewind(usual)
    goRound(20_000)
    assert.throws(() => goRound(100_000), "no end")
    mutation.rewind(0)
    assert.throws(() => goRound(20_000), "no end")
  })

  it("has no mutant in types and imports", () => {
    const { mutants } = instrument('import { a } from "a"\ntype B = "b" | true\nexport const c: B = a as "b"\n')
    assert.deepStrictEqual(mutants, [])
  })

  it("changes a pattern in ways that are patterns", () => {
    assert.deepStrictEqual(patterns("/^a+[^b]\\d$/i"), [
      "/a+[^b]\\d$/i",
      "/^a[^b]\\d$/i",
      "/^a+[b]\\d$/i",
      "/^a+[^b]\\D$/i",
      "/^a+[^b]\\d/i",
      "/^a+[^b]\\d$/"
    ])
  })
})
