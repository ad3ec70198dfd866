/** Writes the API reference as HTML, from the doc comments, to the folder `reference`: `deno doc --html`. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import process from "node:process"
import { pathToFileURL } from "node:url"
import { deno, run } from "./commands.ts"
import { type Entry, sourceAsPage, sourcePage, withEntries, withImports, withSources } from "./docs/referencePages.ts"

const folder = "reference"
const root = pathToFileURL("./").href
const { name } = JSON.parse(readFileSync("package.json", "utf8"))
const sources = Object.entries<string>(JSON.parse(readFileSync("deno.json", "utf8")).exports)

rmSync(folder, { recursive: true, force: true })
const { code, output } = await run(
  [deno(), "doc", "--html", `--name=${name}`, `--output=${folder}`, ...sources.map(([, file]) => file)],
  { env: { NO_COLOR: "1" } }
)
if (code === 0) {
  const entries = sources.map(([entry, file]): Entry => ({
    path: entry.replace(/^\.\/?/, ""),
    name: name + entry.slice(1),
    source: readFileSync(file, "utf8")
  }))
  for (const page of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!page.endsWith(".html")) continue
    const file = join(folder, page)
    const html = withSources(withImports(readFileSync(file, "utf8"), name, entries), root, page.replaceAll("\\", "/"))
    writeFileSync(file, page === "index.html" ? withEntries(html, entries) : html)
  }
  for (const each of readdirSync("src", { recursive: true, encoding: "utf8" })) {
    if (!each.endsWith(".ts")) continue
    const source = join("src", each).replaceAll("\\", "/")
    const file = join(folder, sourcePage(source))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, sourceAsPage(source, readFileSync(source, "utf8")))
  }
  console.log(`open ${join(folder, "index.html")}`)
} else console.error(output)
process.exitCode = code
