/**
 * No text that comes from outside may take more time than its length accounts for: every regular expression of the
 * sources, and every function that reads such a text.
 */
import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { setImmediate } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import ts from "typescript"
import { isSuperlinear, type Shape, shapesOf } from "../fixtures/Growth.ts"

const sources = fileURLToPath(new URL("../../src/", import.meta.url))
const files = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts")).sort()

/** The regular expressions that a file writes down, and how many it makes. */
const readFile = (file: string) => {
  const literals: Array<RegExp> = []
  let made = 0
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf("/")
      literals.push(new RegExp(node.text.slice(1, end), node.text.slice(end + 1)))
    } else if (ts.isNewExpression(node) && node.expression.getText() === "RegExp") made++
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, readFileSync(sources + file, "utf8"), ts.ScriptTarget.Latest, true))
  return { file, literals, made }
}

const read = files.map(readFile)

/** Those that are made when a module is loaded. */
const makers = read.filter(({ made }) => made > 0)
const made: Array<RegExp> = []
const Original = globalThis.RegExp
globalThis.RegExp = new Proxy(Original, {
  construct: (target, args: [string, string]) => {
    const expression = new target(...args)
    made.push(expression)
    return expression
  }
})
for (const { file } of makers) await import(`../../src/${file}`)
globalThis.RegExp = Original

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", s: " ", S: "x", d: "7", w: "a", W: "-" }

/** The letters that an expression is about, and the words that it has. */
const partsOf = ({ source }: RegExp): ReadonlyArray<string> => {
  const parts = new Set<string>(["a", " ", "\n"])
  for (const [word] of source.matchAll(/[\w:/=&;]{2,}/g)) parts.add(word)
  for (const [letter] of source.matchAll(/\\u[\da-f]{4}|\\x[\da-f]{2}|\\p\{\w+\}|\\?[^]/gi)) {
    if (/^\\[ux]./.test(letter)) parts.add(String.fromCharCode(Number.parseInt(letter.slice(2), 16)))
    else if (/^\\p./i.test(letter)) parts.add("\u200e").add("\u0001")
    else parts.add(letter.length === 1 ? letter : escapes[letter.charAt(1)] ?? letter.charAt(1))
  }
  return [...parts]
}

const search = (expression: RegExp) => (text: string) =>
  expression.global ? text.replace(expression, "") : expression.test(text)

describe("regular expressions", () => {
  const all = [
    ...read.flatMap(({ file, literals }) => literals.map((expression) => ({ file, expression }))),
    ...made.map((expression) => ({ file: "made", expression }))
  ]

  it("are all here", () => {
    assert.isAbove(all.length, 100)
    assert.isAtLeast(made.length, makers.reduce((sum, { made }) => sum + made, 0))
  })

  it.each(all)("$file: $expression", async ({ expression }) => {
    await setImmediate()
    for (const shape of shapesOf(partsOf(expression), 120)) {
      assert.isFalse(isSuperlinear(search(expression), shape, 4096), JSON.stringify(shape))
    }
  })

  it.each([/(?:\u0090)[^\r]*\u0007/g, /a*b/, /\s+$/])("a quadratic one is found: %s", (bad) => {
    assert.isTrue(shapesOf(partsOf(bad), 300).some((shape) => isSuperlinear(search(bad), shape, 4096)))
  })
})
