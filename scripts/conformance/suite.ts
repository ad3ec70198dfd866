/**
 * The official conformance suite as a program: what it is asked, and what its result files say.
 */
import { readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { run } from "../commands.ts"
import type { Revision, Task } from "./plan.ts"

/** How a scenario went. */
export interface Outcome {
  readonly passed: boolean
  /** Why it did not pass: failed checks, exit code. */
  readonly problems: ReadonlyArray<string>
  /** What the client wrote to stderr. */
  readonly stderr: string
}

/** The parts of a result file that are read here. */
interface Check {
  readonly id: string
  readonly status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO"
  readonly description: string
  readonly errorMessage?: string
}

/** The suite, told which Node to run on. */
export interface Suite {
  readonly list: (...args: ReadonlyArray<string>) => Promise<string>
  /** All that a revision requires, at once, as it is scored officially: it looks at the checks only. */
  readonly requirements: (revision: Revision, command: string, folder: string) => Promise<(task: Task) => Outcome>
  /** One scenario alone, as strict as the suite gets: warnings and the client's exit code count. */
  readonly single: (task: Task, command: string, folder: string) => Promise<Outcome>
}

/** Clients start all at once, in dozens: this is for slow machines. The client under test gives up before. */
const clientMillis = 120_000

const read = (file: string): string => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}

/** The folder of a scenario's results: its name, which may hold slashes, and the time. */
const findResults = (folder: string, scenario: string): string | undefined => {
  const start = join(folder, scenario)
  try {
    const found = readdirSync(dirname(start)).map((name) => join(dirname(start), name))
    return found.find((path) => path.startsWith(start) && /^-\d{4}-\d\d-\d\dT[\dZ-]+$/.test(path.slice(start.length)))
  } catch {
    return undefined
  }
}

const readOutcome = (folder: string, scenario: string, strict: boolean): Outcome => {
  const results = findResults(folder, scenario) ?? ""
  const stderr = read(join(results, "stderr.txt"))
  const text = read(join(results, "checks.json"))
  if (text === "") return { passed: false, problems: ["the suite left no result"], stderr }
  const checks: ReadonlyArray<Check> = JSON.parse(text)
  const problems = checks
    .filter(({ status }) => status === "FAILURE" || (strict && status === "WARNING"))
    .map(({ status, id, description, errorMessage }) => `${status} ${id}: ${errorMessage ?? description}`)
  // A scenario that checked nothing proves nothing.
  if (!checks.some(({ status }) => status === "SUCCESS")) problems.push("no check succeeded")
  return { passed: problems.length === 0, problems, stderr }
}

/** What the suite says about the client as a process. */
const complaints = (output: string): ReadonlyArray<string> =>
  [...output.matchAll(/CLIENT (?:EXITED|TIMED)[^\n]*|^SKIPPED: [^\n]*|^killed after [^\n]*/gm)].map(([line]) => line)

/** The suite of the installed package, run by that Node. */
export const make = (node: string): Suite => {
  const manifest = createRequire(import.meta.url).resolve("@modelcontextprotocol/conformance/package.json")
  const { bin } = JSON.parse(readFileSync(manifest, "utf8"))
  const file = join(dirname(manifest), bin.conformance)
  const start = (args: ReadonlyArray<string>) => run([node, file, ...args], { limit: 300 })
  const client = (command: string, folder: string, args: ReadonlyArray<string>) =>
    start(["client", "--command", command, "--timeout", String(clientMillis), "-o", folder, ...args])

  return {
    list: async (...args) => {
      const { code, output } = await start(["list", ...args])
      if (code !== 0) throw new Error(`The suite cannot list ${args.join(" ")}:\n${output.trim()}`)
      return output
    },
    requirements: async (revision, command, folder) => {
      await client(command, folder, ["--requirements", revision])
      return ({ scenario }) => readOutcome(folder, scenario, false)
    },
    single: async ({ scenario, version, forced }, command, folder) => {
      const args = ["--scenario", scenario, "--spec-version", version, ...(forced ? ["--force"] : [])]
      const { code, output } = await client(command, folder, args)
      const { passed, problems, stderr } = readOutcome(folder, scenario, true)
      const all = [...complaints(output), ...problems]
      if (code !== 0 && all.length === 0) all.push(`the suite ended with exit code ${code}`)
      return { passed: passed && code === 0, problems: all, stderr }
    }
  }
}
