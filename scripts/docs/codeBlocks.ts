/**
 * The marks of code blocks in Markdown and in doc comments: a block of TypeScript or JavaScript is compiled and run, or
 * with `no_run` compiled only. No mark leaves one out.
 */

// A doc comment's line begins with an asterisk.
const fence = /^([ \t]*(?:\*[ \t]*)?)(```+|~~~+)[ \t]*([^\n`]*)$/
const isCode = (language: string): boolean => /^(ts|typescript|mts|cts|tsx|js|javascript|mjs|cjs|jsx)$/.test(language)

interface Fence {
  /** Counted from 1. */
  readonly line: number
  readonly marks: ReadonlyArray<string>
}

const fences = (text: string): ReadonlyArray<Fence> => {
  const found: Array<Fence> = []
  let open: string | undefined
  for (const [index, each] of text.split("\n").entries()) {
    const [, , mark = "", info = ""] = fence.exec(each) ?? []
    if (mark === "") continue
    if (open === undefined) {
      open = mark
      found.push({ line: index + 1, marks: info.split(/[\s,]+/).filter((word) => word !== "") })
    } else if (mark.startsWith(open) && info.trim() === "") open = undefined
  }
  return found
}

/** What is wrong with the marks of the blocks of one file. */
export const problems = (file: string, text: string): ReadonlyArray<string> =>
  fences(text).flatMap(({ line, marks: [language = "", ...marks] }) => {
    const where = `${file}:${line}`
    if (language === "") return [`${where}: name the language of this block: ts, js, sh, text …`]
    if (!isCode(language)) return []
    return marks.filter((mark) => mark !== "no_run").map((mark) =>
      `${where}: \`${language} ${mark}\` is not allowed. Leave the mark out, or use \`no_run\`: compiled, but not run`
    )
  })

/** The text with `no_run` replaced by `ignore`, which Deno understands. Lines stay where they are. */
export const runnable = (text: string): string => {
  const lines = text.split("\n")
  for (const { line, marks: [language = "", ...marks] } of fences(text)) {
    if (!isCode(language) || !marks.includes("no_run")) continue
    lines[line - 1] = (lines[line - 1] ?? "").replace(/\bno_run\b/, "ignore")
  }
  return lines.join("\n")
}
