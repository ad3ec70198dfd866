/** What Deno's HTML lacks: a list of the entries, and the names by which they are imported. */

/** One entry of the package. */
export interface Entry {
  /** Its folder in the reference; empty for the first entry, whose page is the index. */
  readonly path: string
  /** What a program imports. */
  readonly name: string
  /** Its source, which begins with its description. */
  readonly source: string
}

/** The first paragraph of a source's first doc comment. */
const description = (source: string): string => {
  const [, comment = ""] = /^\/\*\*([\s\S]*?)\*\//.exec(source) ?? []
  return comment.split("\n").map((line) => line.replace(/^\s*\* ?/, "")).join("\n").trim().split("\n\n", 1)[0] ?? ""
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(/`([^`]*)`/g, "<code>$1</code>")

/** Deno writes `from "mcp"`, which nobody can import. */
export const withImports = (html: string, name: string, entries: ReadonlyArray<Entry>): string =>
  entries.reduce(
    (text, entry) =>
      entry.path === "" ? text : text.replaceAll(`from &quot;${entry.path}&quot;`, `from &quot;${entry.name}&quot;`),
    html.replaceAll("from &quot;.&quot;", `from &quot;${name}&quot;`)
  )

/** Adds the list of entries below the words of the index. */
export const withEntries = (html: string, entries: ReadonlyArray<Entry>): string => {
  const rows = entries.map(({ name, path, source }) =>
    `<li><a href="./${path === "" ? "all_symbols.html" : `${path}/index.html`}"><code>${name}</code></a><br>${
      escaped(description(source))
    }</li>`
  )
  return html.replace(
    "</section>\n</main>",
    `<div class="markdown"><h2>Entries</h2><ul>${rows.join("")}</ul></div></section>\n</main>`
  )
}
