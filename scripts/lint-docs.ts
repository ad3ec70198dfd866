/**
 * Fails when something that an entry exports has no words, or names a type that no entry exports: `deno doc --lint`.
 *
 * Deno takes the types of npm packages for private ones of this package (denoland/deno#27364), so it is given a copy of the
 * sources in which each package is an empty module.
 */
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { deno, report, run, withFolder } from "./commands.ts"
import { readSource } from "./source.ts"

const entries = Object.values<string>(JSON.parse(readFileSync("deno.json", "utf8")).exports)

const packages = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .flatMap((name) => readSource(name, readFileSync(join("src", name), "utf8")).imports)
  .map(({ specifier }) => specifier)
  .filter((specifier) => !specifier.startsWith(".") && !specifier.startsWith("node:"))

await withFolder(async (folder) => {
  cpSync("src", join(folder, "src"), { recursive: true })
  const imports = Object.fromEntries(packages.map((name) => [name, "data:text/typescript,export{}"]))
  writeFileSync(join(folder, "deno.json"), JSON.stringify({ imports, lock: false }))
  const { code, output } = await run([deno(), "doc", "--lint", "--quiet", ...entries], {
    cwd: folder,
    env: { NO_COLOR: "1" }
  })
  report(code === 0 ? [] : [output.replaceAll(`${folder}/`, "").trim()])
})
