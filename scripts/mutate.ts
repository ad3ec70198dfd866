/**
 * Breaks the sources on purpose, in small ways and one at a time, and looks whether a test fails.
 *
 * `npm run mutate -- FILE…` measures these sources, `npm run mutate` all of `src/core`, and `npm run mutate -- --guards`
 * takes away each guard that SECURITY.md names. The words are in `scripts/mutate`.
 */
import { readdirSync, statSync, writeFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { guards } from "./mutate/guards.ts"
import { measure } from "./mutate/measure.ts"
import type { Measured } from "./mutate/measure.ts"
import { nearTests } from "./mutate/nearTests.ts"
import { removeGuards } from "./mutate/removeGuards.ts"
import { row, survivors, table } from "./mutate/report.ts"

const usage = `Usage: npm run mutate [-- FILE_OR_FOLDER…] [-- --jobs N] [-- --out FILE] [-- --guards [TEXT]]

  FILE_OR_FOLDER  sources to measure; by default src/core
  --jobs          how many are measured at a time; by default 1
  --out           a file for every mutant and what became of it, as JSON
  --guards        takes away each guard of SECURITY.md instead; with a text, those whose words contain it
`

const root = fileURLToPath(new URL("..", import.meta.url))

const sourcesOf = (path: string): ReadonlyArray<string> => {
  const full = join(process.cwd(), path)
  const files = statSync(full).isDirectory()
    ? readdirSync(full, { recursive: true, encoding: "utf8" }).map((file) => join(full, file))
    : [full]
  return files.filter((file) => file.endsWith(".ts")).map((file) => relative(root, file).replaceAll("\\", "/")).sort()
}

/** Does so many at a time, in order. */
const inTurns = async <A>(items: ReadonlyArray<A>, jobs: number, use: (item: A) => Promise<void>): Promise<void> => {
  const left = items.values()
  const work = async () => {
    for (const item of left) await use(item)
  }
  await Promise.all(Array.from({ length: jobs }, work))
}

const measureAll = async (sources: ReadonlyArray<string>, jobs: number, out: string | undefined): Promise<number> => {
  const all: Array<Measured> = []
  await inTurns(sources, jobs, async (source) => {
    const measured = await measure(root, source, nearTests(root, source))
    all.push(measured)
    if (out !== undefined) writeFileSync(out, JSON.stringify(all, undefined, 1))
    console.log(row(source, measured.results))
    for (const line of [...survivors(measured.results), ...measured.problems]) console.log(`  ${line}`)
  })
  console.log(`\n${table(all, (source) => dirname(source))}`)
  return all.some(({ problems }) => problems.length > 0) ? 1 : 0
}

const main = async (): Promise<number> => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      guards: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      jobs: { type: "string", default: "1" },
      out: { type: "string" }
    }
  })
  if (values.help) {
    console.log(usage)
    return 0
  }
  if (!/^[1-9]\d?$/.test(values.jobs)) throw new Error(`--jobs is "${values.jobs}". Use a whole number`)
  const jobs = Number(values.jobs)
  if (values.guards) {
    const wanted = (text: string) => positionals.every((each) => text.includes(each))
    const chosen = guards.filter(({ file, guard, threat }) => wanted(`${threat} ${guard} ${file}`))
    if (chosen.length === 0) throw new Error("There is no such guard")
    return await removeGuards(root, chosen, jobs) === 0 ? 0 : 1
  }
  const paths = positionals.length === 0 ? ["src/core"] : positionals
  return measureAll(paths.flatMap(sourcesOf), jobs, values.out)
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
