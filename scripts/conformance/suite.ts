/**
 * Runs the official conformance suite, and reads its result files.
 */
import { readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { run } from "../commands.ts"
import type { Revision, Task } from "./plan.ts"

/** The outcome of a scenario. */
export interface Outcome {
  readonly passed: boolean
  /** Why it failed: checks, exit code. */
  readonly problems: ReadonlyArray<string>
  /** What the client wrote to stderr. */
  readonly stderr: string
}

/** The fields of a result file that are read here. */
interface Check {
  readonly id: string
  readonly status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO"
  readonly description: string
  readonly errorMessage?: string
}

/** The suite, on one Node. */
export interface Suite {
  readonly list: (...args: ReadonlyArray<string>) => Promise<string>
  /** Everything that a revision requires in one run, as it is scored officially: only the checks count. */
  readonly requirements: (revision: Revision, command: string, folder: string) => Promise<(task: Task) => Outcome>
  /** One scenario by itself; warnings and the client's exit code count as well. */
  readonly single: (task: Task, command: string, folder: string) => Promise<Outcome>
}

/** Long enough for a slow machine, where dozens of clients start at once. The client gives up before that. */
const clientMillis = 120_000

const read = (file: string): string => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}

/** The folder with a scenario's results. Its path is the scenario's name, which may contain slashes, and the time. */
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
  if (text === "") return { passed: false, problems: ["the suite wrote no result"], stderr }
  const checks: ReadonlyArray<Check> = JSON.parse(text)
  const problems = checks
    .filter(({ status }) => status === "FAILURE" || (strict && status === "WARNING"))
    .map(({ status, id, description, errorMessage }) => `${status} ${id}: ${errorMessage ?? description}`)
  // Without this, a scenario that ran no check would pass.
  if (!checks.some(({ status }) => status === "SUCCESS")) problems.push("no check succeeded")
  return { passed: problems.length === 0, problems, stderr }
}

/** Lines of the suite's output about the client's process: its exit code, or that it was killed. */
const complaints = (output: string): ReadonlyArray<string> =>
  [...output.matchAll(/CLIENT (?:EXITED|TIMED)[^\n]*|^SKIPPED: [^\n]*|^killed after [^\n]*/gm)].map(([line]) => line)

/** The suite of the installed package. @param node - Path or name of the Node that runs it. */
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
