/** How the package is made of the sources. */
import * as esbuild from "esbuild"
import { assert, describe, it } from "vitest"
import { entries, exportsOf, peersOf, readEntries } from "../../scripts/pack/entries.ts"
import { markPureCalls } from "../../scripts/pack/pureCalls.ts"

const entry = (specifier: string) => {
  const found = entries.find((each) => each.specifier === specifier)
  if (found === undefined) throw new Error(`deno.json exports no ${specifier}`)
  return found
}

describe("readEntries", () => {
  it("reads the entries of deno.json, in folders too", () => {
    const exports = { ".": "./src/index.ts", "./testing/effect": "./src/testing/effect.ts" }
    assert.deepStrictEqual(readEntries(JSON.stringify({ exports })), [
      { specifier: ".", source: "src/index.ts", name: "index" },
      { specifier: "./testing/effect", source: "src/testing/effect.ts", name: "testing/effect" }
    ])
  })
})

describe("peersOf", () => {
  it("finds what an import of an entry loads, through any number of files", () => {
    assert.deepStrictEqual(peersOf(entry("./node")), ["effect"])
    assert.deepStrictEqual(peersOf(entry("./platform")), ["effect", "@effect/platform"])
  })

  it("finds nothing for the entry that brings its own Effect", () => {
    assert.deepStrictEqual(peersOf(entry("./promise")), [])
  })
})

describe("exportsOf", () => {
  it("gives runtimes the file that says what to install, and bundlers and require the entry itself", () => {
    assert.deepStrictEqual(Object.entries(exportsOf(entry("./mcp"))), [
      ["types", "./dist/mcp.d.ts"],
      ["module", "./dist/mcp.js"],
      ["require", "./dist/mcp.js"],
      ["node", "./dist/guarded/mcp.js"],
      ["default", "./dist/mcp.js"]
    ])
  })

  it("gives all the same file of an entry that needs nothing", () => {
    assert.deepStrictEqual(exportsOf(entry("./promise")), {
      types: "./dist/promise.d.ts",
      default: "./dist/promise.js"
    })
  })
})

describe("markPureCalls", () => {
  it("marks calls that run while the module is loaded, and none that run later", () => {
    assert.strictEqual(
      markPureCalls("const a = f(g()), b = () => h()\nclass C extends D() { static s = new E(); m() { return f() } }"),
      "const a = /* @__PURE__ */ f(/* @__PURE__ */ g()), b = () => h()\n" +
        "class C extends /* @__PURE__ */ D() { static s = /* @__PURE__ */ new E(); m() { return f() } }"
    )
  })

  it("lets a bundler leave out what a program does not use", async () => {
    const code = "const Base = make('A').with({}); export class A extends Base {}\nexport const b = 1"
    const kept = async (contents: string) => {
      const stdin = { contents: `import { b } from "all"; console.log(b)` }
      const all: esbuild.Plugin = {
        name: "all",
        setup: ({ onLoad, onResolve }) => {
          onResolve({ filter: /^all$/ }, ({ path }) => ({ path, namespace: "all", sideEffects: true }))
          onLoad({ filter: /.*/, namespace: "all" }, () => ({ contents }))
        }
      }
      const { outputFiles: [file] } = await esbuild.build({ stdin, bundle: true, write: false, plugins: [all] })
      return file?.text.includes("make(")
    }
    assert.isTrue(await kept(code))
    assert.isFalse(await kept(markPureCalls(code)))
  })
})
