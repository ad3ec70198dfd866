/** The rules of scripts/check-imports.ts, over small made-up sources. */
import { assert, describe, it } from "@effect/vitest"
import { checkCircles, findCircles } from "../../scripts/rules/circles.ts"
import { checkEffectApi } from "../../scripts/rules/effectApi.ts"
import { checkFiles, checkImports, checkReach, type Places, type Sources } from "../../scripts/rules/imports.ts"
import { applyExceptions, format, type Problem } from "../../scripts/rules/Problem.ts"
import { checkTestFolders, withoutTest } from "../../scripts/rules/testFolders.ts"
import { readSource } from "../../scripts/source.ts"

const sourcesOf = (files: Readonly<Record<string, string>>): Sources =>
  new Map(Object.entries(files).map(([file, text]) => [file, readSource(file, text)]))

const effectUses = (text: string, file = "src/flow/authorize.ts") =>
  checkEffectApi(sourcesOf({ [file]: text })).map(({ line, use }) => `${line} ${use}`)

const effect = `import * as Effect from "effect/Effect"; `

describe("checkEffectApi", () => {
  it("accepts documented API", () => {
    const text = `${effect}
      import * as Deferred from "effect/Deferred"
      import * as FiberRef from "effect/FiberRef"
      const program = Effect.gen(function* () {
        const done = yield* Deferred.make<void>()
        yield* Effect.forkScoped(Effect.sleep("1 second"))
        yield* FiberRef.get(FiberRef.unhandledErrorLogLevel)
        return { _tag: "Done", done }
      })
      const { _tag } = yield* program`
    assert.deepStrictEqual(effectUses(text), [])
  })

  it("refuses each forbidden name, however it is read", () => {
    const cases: ReadonlyArray<readonly [text: string, use: string]> = [
      ["Effect.withFiberRuntime(f)", "Effect.withFiberRuntime"],
      ["type F = Parameters<typeof Effect.withFiberRuntime>", "Effect.withFiberRuntime"],
      [`Effect["withFiberRuntime"](f)`, "Effect.withFiberRuntime"],
      ["const { withFiberRuntime: inside } = Effect", "Effect.withFiberRuntime"],
      ["Effect.runSync(e)", "Effect.runSync"],
      ["Effect.runFork(e)", "Effect.runFork"],
      ["Effect.runPromise(e)", "Effect.runPromise"],
      ["Effect.race(a, b)", "Effect.race"],
      ["Effect.raceFirst(a, b)", "Effect.raceFirst"],
      [`Effect.timeoutFail(a, { duration: 1, onTimeout })`, "Effect.timeoutFail"],
      ["a.pipe(Effect.raceWith(b, c))", "Effect.raceWith"],
      ["fiber.unsafeInterruptAsFork(id)", ".unsafeInterruptAsFork"],
      ["queue.unsafeOffer(1)", ".unsafeOffer"],
      ["fiber._children", "._children"],
      [`fiber["_children"]`, "._children"],
      [`"_children" in fiber`, "._children"],
      ["const { _children: children } = fiber", "._children"],
      ["const children = fiber as { _children?: unknown }", "._children"],
      [`Reflect.get(fiber, "_children")`, "._children"]
    ]
    for (const [text, use] of cases) assert.deepStrictEqual([...new Set(effectUses(effect + text))], [`1 ${use}`], text)
  })

  it("goes by the module, whatever its local name", () => {
    const imports = `import * as E from "effect/Effect"; import * as Effect from "./Effect.ts"\n`
    assert.deepStrictEqual(effectUses(`${imports}Effect.race(a, b)\nE.race(a, b)`), ["3 Effect.race"])
  })

  it("refuses names of other modules of Effect", () => {
    const cases: ReadonlyArray<readonly [module: string, name: string]> = [
      ["FiberRef", "currentContext"],
      ["Fiber", "interruptAsFork"],
      ["Runtime", "runFork"],
      ["Deferred", "unsafeDone"],
      ["Chunk", "unsafeFromArray"]
    ]
    for (const [module, name] of cases) {
      const all = `import * as M from "effect/${module}"; M.${name}`
      const one = `import { ${name} as other } from "effect/${module}"`
      const passedOn = `export { ${name} } from "effect/${module}"`
      for (const text of [all, one, passedOn]) assert.deepStrictEqual(effectUses(text), [`1 ${module}.${name}`], text)
    }
  })

  it("refuses calls of Effect by which effects may run at once", () => {
    const cases: ReadonlyArray<readonly [text: string, name: string]> = [
      [`Effect.all(effects, { concurrency: "unbounded" })`, "all"],
      ["Effect.all(effects, { concurrency: 2, discard: true })", "all"],
      ["Effect.all({ a, b }, { concurrency })", "all"],
      ["Effect.all(effects, { ...options })", "all"],
      ["Effect.all(effects, options)", "all"],
      [`Effect.forEach(items, f, { "concurrency": "inherit" })`, "forEach"],
      ["items.pipe(Effect.forEach(f, { concurrency: 4 }))", "forEach"],
      ["Effect.forEach(items, f, options)", "forEach"],
      ["Effect.validateAll(items, f, { concurrency: 4 })", "validateAll"],
      ["Effect.zip(a, b, { concurrent: true })", "zip"],
      ["a.pipe(Effect.zipRight(b, { concurrent: isFast }))", "zipRight"],
      ["Effect.validate(a, b, { concurrent: true })", "validate"],
      [`Effect.allWith({ concurrency: "unbounded" })`, "allWith"]
    ]
    for (const [text, name] of cases) {
      assert.deepStrictEqual(effectUses(effect + text), [`1 Effect.${name} with concurrency`], text)
    }
  })

  it("accepts calls of Effect that run one effect after the other", () => {
    const cases = [
      "Effect.all(effects)",
      "Effect.all({ concurrency: first, other })",
      "Effect.all(effects, { concurrency: 1 })",
      "Effect.all(effects, { discard: true })",
      "Effect.forEach(items, f)",
      "Effect.zip(a, b, { concurrent: false })",
      "Effect.succeed({ concurrency: 2 })",
      `Effect.withSpan("open", { ...options })`,
      `connectAll(servers, { concurrency: "unbounded" })`
    ]
    for (const text of cases) assert.deepStrictEqual(effectUses(effect + text), [], text)
  })

  it("refuses timers", () => {
    for (const name of ["setTimeout", "setInterval", "setImmediate", "queueMicrotask"]) {
      assert.deepStrictEqual(effectUses(`${name}(f)`), [`1 ${name}`])
      assert.deepStrictEqual(effectUses(`globalThis.${name}(f)`), [`1 ${name}`])
    }
  })

  it("refuses classes in src/flow alone", () => {
    for (const text of ["class Race { #first = 0 }", "const Race = class {}"]) {
      assert.deepStrictEqual(effectUses(text), ["1 class"])
      assert.deepStrictEqual(effectUses(text, "src/mcp/Race.ts"), [])
    }
  })

  it("holds in each place between core and the edges, and not at the edges", () => {
    const text = `${effect}Effect.runFork(e); setTimeout(f)`
    for (const place of ["effect", "services", "paste", "flow", "mcp", "platform"]) {
      assert.lengthOf(effectUses(text, `src/${place}/X.ts`), 2, place)
    }
    for (const place of ["runtime", "promise"]) assert.isEmpty(effectUses(text, `src/${place}/X.ts`), place)
  })
})

describe("findCircles", () => {
  const find = (graph: Readonly<Record<string, ReadonlyArray<string>>>) => findCircles(new Map(Object.entries(graph)))

  it("finds none where files only share what they import", () => {
    assert.deepStrictEqual(find({ a: ["b", "c"], b: ["d"], c: ["d"], d: [] }), [])
  })

  it("finds a file that imports itself, and a circle of several once, from its first file on", () => {
    assert.deepStrictEqual(find({ a: ["a"], d: ["b"], b: ["c"], c: ["d"] }), [["a"], ["b", "c", "d"]])
  })

  it("finds each of two circles that share a file", () => {
    assert.deepStrictEqual(find({ a: ["b", "c"], b: ["a"], c: ["a"] }), [["a", "b"], ["a", "c"]])
  })
})

describe("checkCircles", () => {
  it("counts imports of types and those made when first needed, and shows the chain of files", () => {
    const [problem, ...others] = checkCircles(sourcesOf({
      "src/flow/b.ts": `export const load = () => import("../flow/a.ts")`,
      "src/flow/a.ts": `import type { B } from "./b.ts"`,
      "src/flow/c.ts": `import "./a.ts"`
    }))
    assert.include(problem?.text, "src/flow/a.ts -> src/flow/b.ts -> src/flow/a.ts")
    assert.isEmpty(others)
  })
})

const places: Places = {
  core: { rank: 0, packages: /^effect\/Either$/, types: /^effect\/Types$/, without: ["Date"] },
  flow: { rank: 1, packages: /^effect\/\w+$/ },
  mcp: { rank: 2, packages: /^effect\/\w+$/ },
  runtime: { rank: 2, packages: /^(effect\/\w+|node:\w+)$/ },
  entry: { rank: 3, packages: /^effect\/\w+$/ }
}

describe("checkImports", () => {
  const check = (text: string, file = "src/flow/a.ts") =>
    checkImports(
      sourcesOf({ "src/flow/b.ts": "", "src/core/c.ts": "", "src/mcp/d.ts": "", "src/runtime/e.ts": "", [file]: text }),
      places
    ).map(format)

  it("accepts imports of the same place, of those below, and of allowed packages", () => {
    assert.isEmpty(check(`import "./b.ts"; import "../core/c.ts"; import * as Effect from "effect/Effect"`))
    assert.isEmpty(check(`import type { Types } from "effect/Types"`, "src/core/a.ts"))
    assert.isEmpty(check(`import "./mcp/d.ts"`, "src/index.ts"))
  })

  it("refuses imports that point up, aside, out of src, or to no file", () => {
    const cases: ReadonlyArray<readonly [text: string, file: string, problem: RegExp]> = [
      [`import "../mcp/d.ts"`, "src/flow/a.ts", /^src\/flow\/a\.ts:1: flow must not import src\/mcp\/d\.ts/],
      [`\nimport("../runtime/e.ts")`, "src/mcp/a.ts", /^src\/mcp\/a\.ts:2: mcp must not import src\/runtime\/e\.ts/],
      [`export * from "../../test/x.ts"`, "src/flow/a.ts", /src must not import test\/x\.ts/],
      [`import "./nothing.ts"`, "src/flow/a.ts", /there is no src\/flow\/nothing\.ts/]
    ]
    for (const [text, file, problem] of cases) {
      const [found = "", ...others] = check(text, file)
      assert.match(found, problem)
      assert.isEmpty(others)
    }
  })

  it("refuses packages and globals that are not for the place, and whole packages", () => {
    assert.match(check(`import "node:http"`)[0] ?? "", /flow must not import node:http/)
    assert.match(check(`import { Effect } from "effect"`)[0] ?? "", /import a module, effect\/Module/)
    assert.match(
      check(`import { Types } from "effect/Types"`, "src/core/a.ts")[0] ?? "",
      /must not import effect\/Types/
    )
    assert.match(check("const now = Date.now()", "src/core/a.ts")[0] ?? "", /core must not use Date/)
  })

  it("refuses a folder that it does not know", () => {
    assert.match(check("", "src/new/a.ts")[0] ?? "", /no such place/)
  })
})

describe("checkReach", () => {
  const sources = sourcesOf({
    "src/index.ts": `import "./flow/a.ts"`,
    "src/flow/a.ts": `import type { Server } from "node:net"; import("node:fs"); import "./b.ts"`,
    "src/flow/b.ts": `import "node:http"`
  })

  it("follows what is loaded at once through other files, and shows the way", () => {
    assert.deepStrictEqual(checkReach(sources, { "src/index.ts": /^node:/ }).map(format), [
      "src/index.ts: must not load node:http: src/index.ts -> src/flow/a.ts -> src/flow/b.ts -> node:http"
    ])
  })
})

describe("checkFiles", () => {
  it("refuses a file that is too long or has a name that says nothing", () => {
    const found = checkFiles(sourcesOf({
      "src/flow/long.ts": "\n".repeat(321),
      "src/flow/utils.ts": "",
      "src/flow/fits.ts": "\n".repeat(320)
    }))
    assert.deepStrictEqual(found.map(({ file, use }) => [file, use]), [
      ["src/flow/long.ts", "length"],
      ["src/flow/utils.ts", "name"]
    ])
  })
})

const modules = sourcesOf({
  "src/node.ts": "",
  "src/flow/Pkce.ts": "\n".repeat(61),
  "src/flow/short.ts": "\n".repeat(60)
})

describe("checkTestFolders", () => {
  const check = (...tests: ReadonlyArray<string>) => checkTestFolders(tests, modules).map(({ file }) => file)

  it("accepts a test, with or without a topic, in the folder of its module", () => {
    assert.isEmpty(check("test/flow/Pkce.test.ts", "test/flow/Pkce.secrets.chromium.test.ts", "test/node.test.ts"))
  })

  it("refuses a test of no module, or in another folder", () => {
    for (const test of ["test/flow/Other.test.ts", "test/Pkce.test.ts", "test/mcp/Pkce.test.ts"]) {
      assert.deepStrictEqual(check(test), [test])
    }
  })

  it("leaves alone what tests no single module, and what is no test", () => {
    assert.isEmpty(
      check("test/fixtures/A.test.ts", "test/scripts/A.test.ts", "test/laws/A.test.ts", "test/scenarios/A.ts")
    )
  })
})

describe("withoutTest", () => {
  it("lists modules of more than 60 lines without a test of their name", () => {
    assert.deepStrictEqual(withoutTest([], modules), ["src/flow/Pkce.ts"])
    assert.deepStrictEqual(withoutTest(["test/flow/Pkce.secrets.test.ts"], modules), [])
  })
})

describe("applyExceptions", () => {
  const problem = (file: string, use: string): Problem => ({ file, use, text: use })

  it("keeps problems of another file or another use, each once", () => {
    const kept = [problem("src/flow/a.ts", "Effect.race"), problem("src/flow/b.ts", "class")]
    const exception = { in: "src/flow/a.ts", uses: ["class"], reason: "" }
    const found = applyExceptions([...kept, ...kept, problem("src/flow/a.ts", "class")], [exception])
    assert.deepStrictEqual(found, { problems: kept, unused: [] })
  })

  it("takes a folder, or the beginning of names, and tells which exceptions nothing needs", () => {
    const used = [
      { in: "src/flow/", uses: ["class"], reason: "" },
      { in: "test/flow/Pkce.", uses: ["test"], reason: "" }
    ]
    const unused = [{ in: "src/flow", uses: ["class"], reason: "" }, { in: "test/flow/P", uses: ["test"], reason: "" }]
    const all = [problem("src/flow/a.ts", "class"), problem("test/flow/Pkce.secrets.test.ts", "test")]
    assert.deepStrictEqual(applyExceptions(all, [...unused, ...used]), { problems: [], unused })
    assert.deepStrictEqual(applyExceptions(all, unused), { problems: all, unused })
  })
})
