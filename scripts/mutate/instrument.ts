/**
 * One source with all its mutants in it. Each stands behind a switch, so that a process loads the source once and tries
 * one mutant after the other.
 */
import ts from "typescript"
import { changesOf } from "./operators.ts"

/** One change of a source. */
export interface Mutant {
  /** Its number in its source, from 1. */
  readonly id: number
  /** Line, from 1. */
  readonly line: number
  readonly kind: string
  /** What stands there, and what is tried instead, each on one line. */
  readonly from: string
  readonly to: string
}

/** A source and its mutants. */
export interface Instrumented {
  readonly code: string
  readonly mutants: ReadonlyArray<Mutant>
}

/** What is no code that runs, or has no place for a switch. */
const isLeftOut = (node: ts.Node): boolean =>
  ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node) || ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node) ||
  ts.isTypeParameterDeclaration(node) || ts.isModuleDeclaration(node)

/** Where another expression may stand in place of this one, and mean the same as long as the switch is off. */
const mayReplace = (node: ts.Node): boolean => {
  const { parent } = node
  if (ts.isBlock(node)) return true
  if (!ts.isExpression(node)) return false
  if ((ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) && parent.name === node) return false
  if (ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent) || ts.isCallExpression(parent)) {
    // The callee keeps its `this`, and a chain with `?.` its end.
    if (parent.expression === node) {
      return !ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node) &&
        !(ts.isCallExpression(node) && ts.isOptionalChain(node))
    }
  }
  if (ts.isNonNullExpression(parent) || ts.isTaggedTemplateExpression(parent)) return false
  if (ts.isExpressionStatement(parent) && ts.isStringLiteral(node)) return false
  if (
    ts.isBinaryExpression(parent) && parent.left === node && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken
  ) {
    return false
  }
  return true
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").slice(0, 100)

/** Loops of other sources go round for so many of the mutated one: a mutant that misleads them is found the sooner. */
const roundsOfOthers = 16

/** Has the loops of a source that is not mutated counted too: what a mutant gives them may leave them without an end. */
export const withSteps = (source: string): string => render(source, false).code

/** Puts every mutant of a source into it. */
export const instrument = (source: string): Instrumented => render(source, true)

const render = (source: string, isMutated: boolean): Instrumented => {
  const file = ts.createSourceFile("source.ts", source, ts.ScriptTarget.Latest, true)
  const text = (node: ts.Node): string => source.slice(node.getStart(file), node.end)
  const mutants: Array<Mutant> = []

  /** The source of a node with what `render` makes of its children. */
  const withChildren = (node: ts.Node): string => {
    let code = ""
    let at = node.getStart(file)
    const end = node.end
    ts.forEachChild(node, (child) => {
      const start = child.getStart(file)
      if (start < at) return
      code += source.slice(at, start) + rendered(child)
      at = child.end
    })
    return code + source.slice(at, end)
  }

  const rendered = (node: ts.Node): string => {
    if (isLeftOut(node)) return text(node)
    const changes = isMutated && mayReplace(node) ? changesOf(node, text) : []
    const own = changes.filter(({ text: changed }, index) =>
      changed !== text(node) && changes.findIndex((other) => other.text === changed) === index
    ).map(({ kind, text: changed }) => {
      const mutant = {
        id: mutants.length + 1,
        line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1,
        kind,
        from: oneLine(text(node)),
        to: oneLine(changed)
      }
      mutants.push(mutant)
      return { id: mutant.id, changed }
    })
    let code = withChildren(node)
    if (ts.isStatement(node) && ts.isIterationStatement(node.parent, false)) {
      const [block] = own
      // A round without its block counts too: the loop may have no end then.
      const round = block === undefined ? code : `if (!__mutation.is(${block.id})) ${code}`
      return `{ __mutation.step(${isMutated ? 1 : roundsOfOthers}); ${round} }`
    }
    if (ts.isBlock(node)) return own.length === 0 ? code : `{ if (!__mutation.is(${own[0]?.id})) ${code} }`
    for (const { changed, id } of own) code = `(__mutation.is(${id}) ? (${changed}) : (${code}))`
    // A statement that begins with a parenthesis would go on with the line before, which has no semicolon.
    return own.length > 0 && ts.isExpressionStatement(node.parent) ? `void ${code}` : code
  }

  const code = withChildren(file)
  return { code, mutants }
}
