/** The small changes that are tried at one place of a source: what a mistake in writing it would look like. */
import ts from "typescript"

/** Another text for a node: an expression for an expression, a block for a block. */
export interface Change {
  readonly kind: string
  readonly text: string
}

const swapped: Readonly<Record<string, ReadonlyArray<string>>> = {
  "&&": ["||"],
  "||": ["&&"],
  "??": ["&&"],
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "===": ["!=="],
  "!==": ["==="],
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["*"],
  "&": ["|"],
  "|": ["&"],
  "^": ["&"],
  "<<": [">>"],
  ">>": ["<<"],
  ">>>": ["<<"],
  "+=": ["-="],
  "-=": ["+="],
  "??=": ["="],
  "||=": ["="]
}

const methods = new Map(Object.entries({
  startsWith: "endsWith",
  endsWith: "startsWith",
  toLowerCase: "toUpperCase",
  toUpperCase: "toLowerCase",
  some: "every",
  every: "some",
  min: "max",
  max: "min",
  indexOf: "lastIndexOf",
  lastIndexOf: "indexOf",
  trimStart: "trimEnd",
  trimEnd: "trimStart"
}))
/** Calls that give back something like what they are called on, and so can be left out. */
const droppable = new Set([
  "trim",
  "slice",
  "filter",
  "sort",
  "reverse",
  "replace",
  "replaceAll",
  "substring",
  "normalize",
  "toWellFormed"
])

const conditions = new Set(["&&", "||", "<", "<=", ">", ">=", "===", "!==", "==", "!=", "in", "instanceof"])

const isText = (node: ts.Node): boolean =>
  ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) ||
  (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken &&
    (isText(node.left) || isText(node.right)))

/** Whether what this gives is looked at for its truth. */
const isCondition = (node: ts.Node): boolean => {
  const { parent } = node
  if (ts.isParenthesizedExpression(parent)) return isCondition(parent)
  if (ts.isIfStatement(parent) || ts.isWhileStatement(parent) || ts.isDoStatement(parent)) {
    return parent.expression === node
  }
  return (ts.isConditionalExpression(parent) || ts.isForStatement(parent)) && parent.condition === node
}

const isLoop = (node: ts.Node): boolean =>
  ts.isWhileStatement(node.parent) || ts.isDoStatement(node.parent) || ts.isForStatement(node.parent)

/** Anchors, repetitions, classes and flags of a pattern, one changed at a time. */
export const patterns = (literal: string): ReadonlyArray<string> => {
  const end = literal.lastIndexOf("/")
  const body = literal.slice(1, end)
  const flags = literal.slice(end + 1)
  const found: Array<string> = []
  const add = (changed: string, otherFlags = flags) => {
    try {
      new RegExp(changed, otherFlags)
      if (changed !== "" && `/${changed}/${otherFlags}` !== literal) found.push(`/${changed}/${otherFlags}`)
    } catch {
      // Not a pattern any more, so no mistake that could be made.
    }
  }
  let inClass = false
  for (let at = 0; at < body.length; at++) {
    const char = body[at] ?? ""
    const without = (length: number, instead = "") => body.slice(0, at) + instead + body.slice(at + length)
    if (char === "\\") {
      const next = body[at + 1] ?? ""
      if (/[dDsSwWbBpP]/.test(next)) {
        add(without(2, `\\${next === next.toLowerCase() ? next.toUpperCase() : next.toLowerCase()}`))
      }
      at++
    } else if (inClass) {
      if (char === "]") inClass = false
    } else if (char === "[") {
      inClass = true
      add(body[at + 1] === "^" ? without(2, "[") : without(1, "[^"))
    } else if (char === "^" || char === "$") {
      add(without(1))
    } else if ((char === "+" || char === "*" || char === "?") && body[at - 1] !== "(") {
      add(without(1))
    } else if (char === "{") {
      const close = body.indexOf("}", at)
      if (close !== -1 && body[at - 2] !== "\\") add(without(close - at + 1))
    } else if (char === "(" && body[at + 1] === "?") {
      const look = /^\(\?<?[=!]/.exec(body.slice(at))?.[0]
      if (look !== undefined) add(without(look.length, look.slice(0, -1) + (look.endsWith("=") ? "!" : "=")))
    }
  }
  if (flags.includes("i")) add(body, flags.replace("i", ""))
  return found
}

/** The changes of one node. `text` gives the source of a node as it is. */
export const changesOf = (node: ts.Node, text: (node: ts.Node) => string): ReadonlyArray<Change> => {
  const found: Array<Change> = []
  const add = (kind: string, changed: string) => found.push({ kind, text: changed })
  if (ts.isExpression(node) && isCondition(node)) {
    // A loop that never ends says little, and costs the time of its limit.
    if (!isLoop(node)) add("condition", "true")
    add("condition", "false")
  }
  if (ts.isBinaryExpression(node)) {
    const operator = text(node.operatorToken)
    const isJoined = operator === "+" && isText(node)
    for (const other of isJoined ? [] : swapped[operator] ?? []) {
      // `a ?? b || c` is no expression, whatever stands beside it.
      add(
        "operator",
        `(${text(node.left)}) ${other} (${text(node.right)})`.replace(/^\((\w[\w.]*)\) (\S*=) /, "$1 $2 ")
      )
    }
    if (conditions.has(operator) && !isCondition(node)) {
      add("condition", "true")
      add("condition", "false")
    }
  } else if (ts.isPrefixUnaryExpression(node)) {
    if (node.operator === ts.SyntaxKind.ExclamationToken) add("negation", text(node.operand))
    if (node.operator === ts.SyntaxKind.MinusToken) add("sign", text(node.operand))
  } else if (ts.isPostfixUnaryExpression(node)) {
    add("step", text(node.operand) + (node.operator === ts.SyntaxKind.PlusPlusToken ? "--" : "++"))
  } else if (ts.isStringLiteralLike(node)) {
    add("text", node.text === "" ? '"mutated"' : '""')
  } else if (ts.isTemplateExpression(node)) {
    add("text", '""')
  } else if (ts.isRegularExpressionLiteral(node)) {
    for (const changed of patterns(text(node))) add("pattern", changed)
  } else if (node.kind === ts.SyntaxKind.TrueKeyword) {
    add("boolean", "false")
  } else if (node.kind === ts.SyntaxKind.FalseKeyword) {
    add("boolean", "true")
  } else if (ts.isArrayLiteralExpression(node)) {
    add("list", node.elements.length === 0 ? '["mutated"]' : "[]")
  } else if (ts.isObjectLiteralExpression(node)) {
    if (node.properties.length > 0) add("record", "{}")
  } else if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) {
    add("function", "() => undefined")
  } else if (ts.isBlock(node)) {
    if (node.statements.length > 0) add("block", "{}")
  } else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { expression, name } = node.expression
    const rest = node.arguments.map(text).join(", ")
    const other = methods.get(name.text)
    const optional = node.expression.questionDotToken === undefined ? "." : "?."
    if (other !== undefined) add("method", `${text(expression)}${optional}${other}(${rest})`)
    if (droppable.has(name.text) && text(expression) !== "Array") add("method", text(expression))
  }
  if (ts.isPropertyAccessExpression(node) && node.questionDotToken !== undefined) {
    add("optional", `${text(node.expression)}.${node.name.text}`)
  }
  return found
}
