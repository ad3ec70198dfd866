/**
 * The API report: what every entry exports, as signatures without comments, in `scripts/api`. It fails when the sources say
 * otherwise, so that no change of what users see goes unseen. `--write` accepts the change.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { reportOf } from "./api/reportOf.ts"
import { report } from "./commands.ts"

const folder = "scripts/api"
const wanted = reportOf(JSON.parse(readFileSync("deno.json", "utf8")).exports)
const isReport = (name: string) => name.endsWith(".api.txt")
const there = existsSync(folder) ? readdirSync(folder).filter(isReport) : []

/** The lines that only one of two texts has, in the order of each: enough to see what changed. */
const difference = (before: string, after: string): string => {
  const lines = (text: string) => text.split("\n").filter((line) => line.trim() !== "")
  const without = (text: string, other: string, sign: string) => {
    const rest = new Set(lines(other))
    return lines(text).filter((line) => !rest.has(line)).map((line) => `  ${sign} ${line}`)
  }
  return [...without(before, after, "-"), ...without(after, before, "+")].slice(0, 40).join("\n")
}

if (process.argv.includes("--write")) {
  mkdirSync(folder, { recursive: true })
  for (const name of there) if (!wanted.has(name)) rmSync(join(folder, name))
  for (const [name, text] of wanted) writeFileSync(join(folder, name), text)
} else {
  const problems = [...new Set([...there, ...wanted.keys()])].sort().flatMap((name) => {
    const file = join(folder, name)
    const before = existsSync(file) ? readFileSync(file, "utf8") : ""
    const after = wanted.get(name) ?? ""
    return before === after ? [] : [`${file} is not what the sources say:\n${difference(before, after)}`]
  })
  const hint = "If users may see this change, accept it: npm run api -- --write"
  report(problems.length === 0 ? [] : [...problems, hint])
}
