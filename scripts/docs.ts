/** Writes the API reference as HTML, from the doc comments, to the folder `reference`: `deno doc --html`. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { deno, run } from "./commands.ts"
import { type Entry, withEntries, withImports } from "./docs/referencePages.ts"

const folder = "reference"
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
    const html = withImports(readFileSync(file, "utf8"), name, entries)
    writeFileSync(file, page === "index.html" ? withEntries(html, entries) : html)
  }
  console.log(`open ${join(folder, "index.html")}`)
} else console.error(output)
process.exitCode = code
