/** Reads what a TypeScript file imports and which names it uses. */
import ts from "typescript"

/** One import or re-export: of values or types, static or dynamic. */
export interface Import {
  readonly specifier: string
  readonly line: number
  /** Whether the compiler removes it. */
  readonly typeOnly: boolean
  /** Whether it is `import("…")`, which loads when it is called. */
  readonly dynamic: boolean
}

/** A name that may be a global. */
export interface Name {
  readonly name: string
  readonly line: number
}

/** What the checks need of one file. */
export interface Source {
  readonly lines: number
  readonly imports: ReadonlyArray<Import>
  readonly names: ReadonlyArray<Name>
  /** The syntax tree; its nodes know their parents. */
  readonly tree: ts.SourceFile
}

const erased = (node: ts.ImportDeclaration | ts.ExportDeclaration): boolean => {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly
  // `import "x"` has no clause and runs. `import { type A } from "x"` runs too, under verbatimModuleSyntax.
  return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
}

/** Whether a name is read as a value: it is no property, key, declaration or type. */
const standsAlone = (node: ts.Identifier): boolean => {
  const parent = node.parent
  if (ts.isPropertyAccessExpression(parent)) {
    return parent.expression === node || parent.expression.getText() === "globalThis"
  }
  return ts.isExpression(parent) || ts.isShorthandPropertyAssignment(parent) ||
    (ts.isPropertyAssignment(parent) || ts.isVariableDeclaration(parent)) && parent.initializer === node ||
    ts.isReturnStatement(parent) || ts.isIfStatement(parent)
}

/** Parses one file. */
export const readSource = (file: string, text: string): Source => {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const imports: Array<Import> = []
  const names: Array<Name> = []
  const declared = new Set<string>()
  const lineOf = (node: ts.Node) => tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1
  const add = (node: ts.Node, typeOnly: boolean, dynamic: boolean) => {
    if (ts.isStringLiteralLike(node)) imports.push({ specifier: node.text, line: lineOf(node), typeOnly, dynamic })
    else if (dynamic) imports.push({ specifier: "(computed)", line: lineOf(node), typeOnly, dynamic })
  }
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined) {
      add(node.moduleSpecifier, erased(node), false)
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [specifier] = node.arguments
      if (specifier !== undefined) add(specifier, false, true)
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true, false)
    } else if (
      (ts.isBindingElement(node) || ts.isParameter(node) || ts.isVariableDeclaration(node) ||
        ts.isFunctionDeclaration(node) || ts.isImportSpecifier(node)) &&
      node.name !== undefined &&
      ts.isIdentifier(node.name)
    ) {
      declared.add(node.name.text)
    }
    if (ts.isIdentifier(node) && standsAlone(node)) names.push({ name: node.text, line: lineOf(node) })
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return {
    lines: text.split("\n").length - 1,
    imports,
    names: names.filter(({ name }) => !declared.has(name)),
    tree
  }
}
