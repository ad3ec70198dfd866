/** What Deno's HTML lacks: a list of the entries, the names by which they are imported, and the sources it links to. */

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

/** The page of a source, below the reference's own folder. */
export const sourcePage = (file: string): string => `source/${file}.html`

/** A source as a page. */
export const sourceAsPage = (file: string, text: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(file)}</title>\n<pre>${
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
  }</pre></html>\n`

/**
 * Deno links to the sources where they lie on the machine that wrote the page; this, to the pages beside it.
 *
 * @param root The repository, as a `file:` URL that ends with a slash.
 * @param page The page's path in the reference.
 */
export const withSources = (html: string, root: string, page: string): string => {
  const up = "../".repeat(page.split("/").length - 1)
  return html.replaceAll(/href="(file:[^"]+)"/g, (link, target: string) => {
    const url = target.replaceAll("&#x2F;", "/")
    return url.startsWith(root) ? `href="${up}${sourcePage(url.slice(root.length))}"` : link
  })
}
