/**
 * Fails when an export has no words, an example does not compile or run, or the README leads somewhere wrong.
 *
 * A README block marked `ts no_run` is compiled only: it waits for a person. One marked `ts ignore` is left alone.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { deno, report, run, withFolder } from "./commands.ts"

const { exports } = JSON.parse(readFileSync("deno.json", "utf8"))
const entries = Object.values<string>(exports).filter((file) => existsSync(file))
const problems: Array<string> = []

/** Seconds for all examples together: none of them may wait for a person. */
const limit = 60

/** The words of a member belong to its interface; only what is exported by name must have its own. */
const isExport = (file: string, line: number) =>
  /^export\b/.test(readFileSync(file, "utf8").split("\n")[line - 1] ?? "")

const lint = async () => {
  const { output } = await run([deno(), "doc", "--lint", "--quiet", ...entries], { env: { NO_COLOR: "1" } })
  for (const block of output.split(/^(?=error\[)/m)) {
    // The other rules object to npm's namespaces and to base classes kept private on purpose.
    const [, file = "", line = ""] = /^error\[missing-jsdoc\].*\n\s*--> (.*?):(\d+):/.exec(block) ?? []
    if (file === "" || !isExport(file, Number(line))) continue
    problems.push(`${relative(".", file)}:${line}: this export has no doc comment`)
  }
}

const examples = async (what: string, args: ReadonlyArray<string>) => {
  const { code, output } = await run([deno(), ...args], { env: { NO_COLOR: "1" }, limit })
  if (code !== 0) problems.push(`${what}:\n${output.replace(/^Check .*\n/gm, "").trim()}`)
}

const readme = async () => {
  if (!existsSync("README.md")) {
    console.error("note: there is no README.md yet")
    return
  }
  const text = readFileSync("README.md", "utf8")
  if (!/npm (install|i) .*\beffect@3\b/.test(text)) problems.push("README.md: no install line says effect@3")
  for (const [, target = ""] of text.matchAll(/\]\((?!\w+:|#)([^)#\s]+)/g)) {
    if (!existsSync(target)) problems.push(`README.md: there is no ${target}`)
  }
  await examples("README.md does not compile", ["check", "--doc-only", "README.md"])
  await withFolder(async (folder) => {
    const copy = join(folder, "README.md")
    writeFileSync(copy, text.replace(/^(```\s*(?:ts|typescript|js))\s+no_run\b/gm, "$1 ignore"))
    await examples("README.md does not run", ["test", "--doc", "-A", "--no-check", "--config", "deno.json", copy])
  })
}

await Promise.all([lint(), readme()])
await examples("an example in src fails", ["test", "--doc", "-A", "--permit-no-files", "src"])
report(problems)
