/**
 * Which API of Effect the places between `core` and the edges may use: the documented one, without what runs effects,
 * reads a fiber's inside, or hangs. Edges are `src/runtime` and `src/promise`.
 *
 * It goes by names in the syntax tree, and does not follow a value that is given another name.
 */
import ts from "typescript"
import type { Source } from "../source.ts"
import { placeOf, type Sources } from "./imports.ts"
import type { Problem } from "./Problem.ts"

const places = [
  "effect",
  "services",
  "metrics",
  "store",
  "server",
  "paste",
  "flow",
  "mcp",
  "platform",
  "redis",
  "hosted"
]

interface Ban {
  /** The module of Effect; absent when the name is forbidden on every module and every value. */
  readonly of?: RegExp
  readonly name: RegExp
  /** What to do instead. */
  readonly instead: string
}

const bans: ReadonlyArray<Ban> = [
  { name: /^_(?!tag$)\w/, instead: "It is private, and may change in any release" },
  {
    name: /^withFiberRuntime$/,
    instead: "It hands out a fiber's inside. Use Effect.context, Effect.runtime or Effect.clock"
  },
  { name: /^(unsafeI|i)nterruptAsFork$/, instead: "Fork with Effect.forkIn, and let the scope interrupt it" },
  {
    name: /^unsafe[A-Z]/,
    instead: "Use the effect of the same purpose; an exception, with its reason, goes into scripts/check-imports.ts"
  },
  { of: /^FiberRef$/, name: /^current/, instead: "Use the function of Effect that reads or sets it" },
  {
    of: /^(Effect|Runtime)$/,
    name: /^run(Sync|Fork|Callback|Promise)/,
    instead: "Effects are run at the edges, src/runtime and src/promise"
  },
  // In Effect 3.22 these can wait for ever when they are interrupted while they start.
  { of: /^Effect$/, name: /^race/, instead: "Use src/effect/firstOf.ts" },
  { of: /^Effect$/, name: /^timeout/, instead: "Use src/effect/endAfter.ts" }
]

const timers = ["setTimeout", "setInterval", "setImmediate", "queueMicrotask"]

/** A name that is read from a module of Effect, or from any other value. */
interface Use {
  readonly module?: string | undefined
  readonly name: string
  readonly node: ts.Node
}

const moduleOf = (specifier: ts.Expression | undefined): string | undefined =>
  specifier !== undefined && ts.isStringLiteral(specifier) ? /^effect\/(\w+)$/.exec(specifier.text)?.[1] : undefined

/** Local names of the modules of Effect: `Effect` for `import * as Effect from "effect/Effect"`. */
const namespaces = (tree: ts.SourceFile): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  for (const statement of tree.statements) {
    if (!ts.isImportDeclaration(statement)) continue
    const module = moduleOf(statement.moduleSpecifier)
    const bindings = statement.importClause?.namedBindings
    if (module !== undefined && bindings !== undefined && ts.isNamespaceImport(bindings)) {
      found.set(bindings.name.text, module)
    }
  }
  return found
}

const textOf = (name: ts.Node): string | undefined =>
  ts.isIdentifier(name) || ts.isStringLiteralLike(name) ? name.text : undefined

/** The name that a node reads, and the node it is read from. */
const readBy = (node: ts.Node): readonly [name: ts.Node, from?: ts.Node | undefined] | undefined => {
  if (ts.isPropertyAccessExpression(node)) return [node.name, node.expression]
  if (ts.isQualifiedName(node)) return [node.right, node.left]
  if (ts.isElementAccessExpression(node)) return [node.argumentExpression, node.expression]
  if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
    const { parent } = node.parent
    return [node.propertyName ?? node.name, ts.isVariableDeclaration(parent) ? parent.initializer : undefined]
  }
  // `{ _children?: … }` in a cast, and `"_children" in fiber`.
  if (ts.isPropertySignature(node)) return [node.name]
  if (ts.isStringLiteral(node) && !ts.isElementAccessExpression(node.parent)) return [node]
}

const useOf = (node: ts.Node, modules: ReadonlyMap<string, string>): Use | undefined => {
  if (ts.isImportSpecifier(node) || ts.isExportSpecifier(node)) {
    const declaration = ts.isImportSpecifier(node) ? node.parent.parent.parent : node.parent.parent
    const module = moduleOf((declaration as ts.ImportDeclaration | ts.ExportDeclaration).moduleSpecifier)
    return module === undefined ? undefined : { module, name: (node.propertyName ?? node.name).text, node }
  }
  const [key, from] = readBy(node) ?? []
  const name = key === undefined ? undefined : textOf(key)
  if (name === undefined) return
  return { module: from !== undefined && ts.isIdentifier(from) ? modules.get(from.text) : undefined, name, node }
}

const isBanned = ({ module, name }: Use) => (ban: Ban): boolean =>
  ban.name.test(name) && (ban.of === undefined || (module !== undefined && ban.of.test(module)))

/** The argument that is the options: it has to be written out, so that one sees whether effects run at once. */
const optionsAt: Readonly<Record<string, number>> = { all: 1, allWith: 0, forEach: 2 }

const runsAtOnce = (property: ts.ObjectLiteralElementLike): boolean => {
  const name = property.name === undefined ? undefined : textOf(property.name)
  const value = ts.isPropertyAssignment(property) ? property.initializer : undefined
  if (name === "concurrency") return value === undefined || value.getText() !== "1"
  return name === "concurrent" && value?.kind !== ts.SyntaxKind.FalseKeyword
}

/** The function of Effect that this calls with options by which effects may run at once. */
const concurrentCall = (node: ts.Node, modules: ReadonlyMap<string, string>): string | undefined => {
  if (!ts.isCallExpression(node)) return
  const { module, name } = useOf(node.expression, modules) ?? {}
  if (module !== "Effect" || name === undefined) return
  const mayRunAtOnce = node.arguments.some((argument, index) => {
    const isOptions = index === optionsAt[name]
    if (!ts.isObjectLiteralExpression(argument)) return isOptions
    if (isOptions && argument.properties.some(ts.isSpreadAssignment)) return true
    return (isOptions || index > 0) && argument.properties.some(runsAtOnce)
  })
  return mayRunAtOnce ? name : undefined
}

const checkFile = (file: string, { names, tree }: Source): ReadonlyArray<Problem> => {
  const place = placeOf(file)
  const problems: Array<Problem> = []
  const add = (node: ts.Node, use: string, instead: string) => {
    const line = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1
    problems.push({ file, line, use, text: `${place} must not use ${use}. ${instead}` })
  }
  const modules = namespaces(tree)
  const visit = (node: ts.Node): void => {
    const use = useOf(node, modules)
    const ban = use === undefined ? undefined : bans.find(isBanned(use))
    if (use !== undefined && ban !== undefined) add(node, `${use.module ?? ""}.${use.name}`, ban.instead)
    const call = concurrentCall(node, modules)
    if (call !== undefined) {
      add(
        node,
        `Effect.${call} with concurrency`,
        "It can wait for ever when interrupted. Use src/effect/forEachConcurrently.ts"
      )
    }
    if (place === "flow" && (ts.isClassDeclaration(node) || ts.isClassExpression(node))) {
      add(node, "class", "Make a record of functions, as Inbox.ts does")
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  const timed = names.filter(({ name }) => timers.includes(name))
  return [
    ...problems,
    ...timed.map(({ line, name }) => ({
      file,
      line,
      use: name,
      text: `${place} must not use ${name}. Wait with Effect.sleep; ` +
        "if a test's clock must not hold it, with machineSleep of src/effect/machineClock.ts"
    }))
  ]
}

/** The places between `core` and the edges keep to the documented API of Effect, and to what cannot hang. */
export const checkEffectApi = (sources: Sources): ReadonlyArray<Problem> =>
  [...sources].flatMap(([file, source]) => places.includes(placeOf(file)) ? checkFile(file, source) : [])
