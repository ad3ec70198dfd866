/** Reads what entries export, as the declarations that users compile against. */
import { readFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import ts from "typescript"

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  allowImportingTsExtensions: true,
  isolatedDeclarations: true,
  declaration: true,
  noEmit: true,
  noLib: true,
  types: []
}

/** A program of our own files alone: what other packages export is not needed to find out what ours do. */
const programOf = (files: ReadonlyArray<string>): ts.Program => {
  const host = ts.createCompilerHost(options)
  host.resolveModuleNameLiterals = (literals, from) =>
    literals.map(({ text }) => ({
      resolvedModule: text.startsWith(".")
        ? { resolvedFileName: resolve(dirname(from), text), extension: ts.Extension.Ts }
        : undefined
    }))
  return ts.createProgram(files, options, host)
}

const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed })

/** A union has a line for each of its members, so that one that is added is one line of a difference. */
const inLines = (statement: ts.Statement, text: (node: ts.Node) => string): string =>
  ts.isTypeAliasDeclaration(statement) && ts.isUnionTypeNode(statement.type)
    ? `${text(statement).split(" = ", 1)[0]} =\n${
      statement.type.types.map((type) => `  | ${text(type).replaceAll("\n", "\n    ")}`).join("\n")
    };`
    : text(statement)

/** The declarations of a file, by the name that they declare, as text without comments. */
const declarationsOf = (file: string): ReadonlyMap<string, ReadonlyArray<string>> => {
  const { outputText } = ts.transpileDeclaration(readFileSync(file, "utf8"), {
    fileName: file,
    compilerOptions: { ...options, noEmit: false, removeComments: true }
  })
  const tree = ts.createSourceFile(file, outputText, ts.ScriptTarget.Latest, true)
  const found = new Map<string, ReadonlyArray<string>>()
  for (const statement of tree.statements) {
    const names = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.map((each) => each.name.getText(tree))
      : ts.isClassDeclaration(statement) || ts.isInterfaceDeclaration(statement) ||
          ts.isTypeAliasDeclaration(statement) || ts.isFunctionDeclaration(statement)
      ? [statement.name?.text ?? "default"]
      : []
    const text = inLines(statement, (node) => printer.printNode(ts.EmitHint.Unspecified, node, tree))
      .replace(/^export /, "").replace(/^declare /, "").replaceAll(/ {4}/g, "  ")
    for (const name of names) found.set(name, [...found.get(name) ?? [], text])
  }
  return found
}

/** `./mcp` is reported in `mcp.api.txt`, and `.` in `index.api.txt`. */
const nameOf = (entry: string): string => `${entry === "." ? "index" : entry.slice(2).replaceAll("/", ".")}.api.txt`

/**
 * A report for each entry: its exports in the order of their names. What an entry before it exports too is only named.
 *
 * @param entries Their sources, by their names in `exports` of deno.json.
 */
export const reportOf = (entries: Readonly<Record<string, string>>): ReadonlyMap<string, string> => {
  const files = Object.values(entries).map((file) => resolve(file))
  const program = programOf(files)
  const checker = program.getTypeChecker()
  const declared = new Map<string, ReadonlyMap<string, ReadonlyArray<string>>>()
  const firstEntry = new Map<ts.Symbol, string>()
  const textOf = (entry: string, exported: ts.Symbol): string => {
    const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0
    const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported
    const first = firstEntry.get(symbol)
    if (first !== undefined) return `${exported.name}: see ${first}`
    firstEntry.set(symbol, symbol.name === exported.name ? entry : `${entry} ${exported.name}`)
    const sources = [...new Set(symbol.declarations?.map((each) => each.getSourceFile().fileName))]
    const texts = sources.flatMap((file) => {
      const ofFile = declared.get(file) ?? declarationsOf(file)
      declared.set(file, ofFile)
      return ofFile.get(symbol.name) ?? []
    })
    if (texts.length === 0) throw new Error(`${entry}: nothing declares ${exported.name}`)
    return [...symbol.name === exported.name ? [] : [`${exported.name}:`], ...texts].join("\n")
  }
  const entriesAndFiles = Object.entries(entries).map(([entry, file]) =>
    [entry, program.getSourceFile(resolve(file))] as const
  )
  return new Map(entriesAndFiles.map(([entry, source]) => {
    const module = source && checker.getSymbolAtLocation(source)
    if (module === undefined) throw new Error(`${entry} has no source`)
    const exports = checker.getExportsOfModule(module).sort((a, b) => a.name < b.name ? -1 : 1)
    return [nameOf(entry), `# ${entry}\n\n${exports.map((each) => textOf(entry, each)).join("\n\n")}\n`]
  }))
}
