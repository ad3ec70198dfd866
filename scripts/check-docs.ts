/**
 * Fails when an example does not compile or run, or a document leads somewhere wrong.
 *
 * Examples are the blocks of TypeScript and JavaScript in the documents below and in the doc comments of src. Each is
 * compiled and run; one marked `no_run`, which waits for a person or a server, is compiled only.
 */
import { cpSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { deno, report, run, withFolder } from "./commands.ts"
import * as CitedTests from "./docs/citedTests.ts"
import * as CodeBlocks from "./docs/codeBlocks.ts"
import * as References from "./docs/references.ts"

const documents = [
  "README.md",
  "CHANGELOG.md",
  ".github/CONTRIBUTING.md",
  ".github/CREDENTIALS.md",
  ".github/NETWORKS.md",
  ".github/SECURITY.md"
]
const problems: Array<string> = []

/** Seconds for all examples together: none of them may wait for a person. */
const limit = 120

const words = () => {
  for (const file of documents) {
    if (!existsSync(file)) {
      problems.push(`there is no ${file}`)
      continue
    }
    const text = readFileSync(file, "utf8")
    problems.push(
      ...References.problems(file, text, existsSync),
      ...CodeBlocks.problems(file, text),
      ...CitedTests.problems(file, text, (path) => readFileSync(path, "utf8"))
    )
    if (file === "README.md" && !/npm (install|i) .*\beffect@3\b/.test(text)) {
      problems.push("README.md: no install line says effect@3")
    }
  }
  for (const name of readdirSync("src", { recursive: true, encoding: "utf8" })) {
    const file = join("src", name)
    if (statSync(file).isFile()) problems.push(...CodeBlocks.problems(file, readFileSync(file, "utf8")))
  }
}

const examples = async (what: string, args: ReadonlyArray<string>) => {
  const { code, output } = await run([deno(), ...args], { env: { NO_COLOR: "1" }, limit })
  if (code !== 0) problems.push(`${what}:\n${output.replace(/^Check .*\n/gm, "").trim()}`)
}

/** Runs the examples in a copy, in which those that are not to be run are marked as Deno wants it. */
const runExamples = (what: string, sources: ReadonlyArray<string>) =>
  withFolder(async (folder) => {
    const copies = sources.map((source) => join(folder, source))
    for (const [index, source] of sources.entries()) cpSync(source, copies[index] ?? "", { recursive: true })
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name))
    for (const name of names.filter((name) => statSync(name).isFile())) {
      writeFileSync(name, CodeBlocks.runnable(readFileSync(name, "utf8")))
    }
    symlinkSync(resolve("node_modules"), join(folder, "node_modules"), "junction")
    // Compiled before, where they stand.
    await examples(what, ["test", "--doc", "-A", "--no-check", "--permit-no-files", "--config", "deno.json", ...copies])
  })

words()
const there = documents.filter((file) => existsSync(file))
await examples("an example does not compile", ["check", "--doc-only", "src", ...there])
await runExamples("an example in a document fails", there)
await runExamples("an example in src fails", ["src"])
report(problems)
