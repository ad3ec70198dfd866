/**
 * Marks the calls at the top level of a module as free of side effects, as Effect's own packages are: a bundler then drops
 * each constant and class that a program does not use, though many modules are in one file.
 */
import { parseAst } from "rollup/parseAst"

interface Node {
  readonly type: string
  readonly start: number
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"

/** What is in these runs when somebody calls it, and not while the module is loaded. */
const later = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression", "MethodDefinition"])

/** Where calls begin that run while the module is loaded. */
const callsOf = (code: string): ReadonlyArray<number> => {
  const starts = new Set<number>()
  const look = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(look)
    if (!isNode(value) || later.has(value.type)) return
    if (value.type === "CallExpression" || value.type === "NewExpression") starts.add(value.start)
    Object.values(value).forEach(look)
  }
  look(parseAst(code))
  return [...starts].sort((a, b) => a - b)
}

/** Puts the mark that bundlers know before each of these calls. */
export const markPureCalls = (code: string): string => {
  let marked = ""
  let done = 0
  for (const start of callsOf(code)) {
    marked += `${code.slice(done, start)}/* @__PURE__ */ `
    done = start
  }
  return marked + code.slice(done)
}
