/** Runs the mutants of one source, in a process that is started again behind a mutant that stopped it. */
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { instrument } from "./instrument.ts"
import type { Mutant } from "./instrument.ts"
import type { Line, Plan, Status } from "./Plan.ts"

/** A mutant, and what became of it. */
export interface Result extends Mutant {
  readonly status: Status | "not measured"
  /** The test that failed first. */
  readonly test?: string
}

/** What was found out about one source. */
export interface Measured {
  readonly source: string
  readonly results: ReadonlyArray<Result>
  /** Test files that fail without a mutant, or what vitest said when it did not start. */
  readonly problems: ReadonlyArray<string>
}

/** Seconds without a word from the worker, after which its mutant is taken for one without end. */
const patience = 240

const linesOf = (file: string): ReadonlyArray<Line> =>
  readFileSync(file, "utf8").split("\n").filter((line) => line !== "").map((line) => JSON.parse(line))

/** Starts the worker, and waits until it ends or says nothing any more. Gives what vitest printed. */
const runWorker = (root: string, plan: Plan): Promise<string> =>
  new Promise((resolve) => {
    const vitest = join(root, "node_modules/vitest/vitest.mjs")
    const child = spawn(process.execPath, [
      vitest,
      "run",
      "--config=scripts/mutate/vitest.config.ts",
      // Nothing has this name: vitest only has to load the first file, and the runner goes on from there.
      "--testNamePattern=(?!)",
      plan.tests[0] ?? ""
    ], {
      cwd: root,
      // A group of its own, so that the worker ends with it. CI: no snapshot is written.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, CI: "1", NO_COLOR: "1", MUTATE_PLAN: JSON.stringify(plan) }
    })
    let output = ""
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        output = (output + chunk).slice(-4000)
      })
    }
    const stop = () => {
      try {
        process.kill(-(child.pid ?? 0), "SIGKILL")
      } catch {
        // It has ended.
      }
    }
    const timer = setInterval(() => {
      if (Date.now() - statSync(plan.out).mtimeMs > patience * 1000) stop()
    }, 1000)
    const end = () => {
      clearInterval(timer)
      stop()
      resolve(output)
    }
    child.on("error", end)
    child.on("close", end)
  })

/** Measures one source with these test files, the nearest first. */
export const measure = async (root: string, source: string, tests: ReadonlyArray<string>): Promise<Measured> => {
  const path = join(root, source)
  const { mutants } = instrument(readFileSync(path, "utf8"))
  const folder = mkdtempSync(join(tmpdir(), "mutate-"))
  const out = join(folder, "results.jsonl")
  const found = new Map<number, { readonly status: Status; readonly test?: string }>()
  const problems: Array<string> = []
  try {
    if (tests.length === 0) problems.push(`${source}: no test file is near it`)
    for (let ended = tests.length === 0 || mutants.length === 0; !ended;) {
      writeFileSync(out, "")
      const output = await runWorker(root, {
        source: path,
        tests: tests.map((test) => join(root, test)),
        mutants: mutants.map(({ id }) => id),
        done: [...found.keys()],
        limit: 60_000,
        out
      })
      const lines = linesOf(out)
      let begun: number | undefined
      for (const line of lines) {
        if ("begin" in line) begun = typeof line.begin === "number" ? line.begin : undefined
        else if ("id" in line) {
          begun = undefined
          found.set(line.id, line)
        } else if ("unusable" in line) problems.push(`${line.unusable} fails without a mutant: ${line.test}`)
      }
      ended = lines.some((line) => "end" in line)
      if (ended) break
      if (begun === undefined) {
        problems.push(`${source}: vitest ended early: ${output.trim().split("\n").slice(-12).join("\n")}`)
        break
      }
      found.set(begun, { status: "timeout" })
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    source,
    results: mutants.map((mutant) => {
      const { status, test } = found.get(mutant.id) ?? { status: "not measured" as const }
      return { ...mutant, status, ...(test === undefined ? {} : { test }) }
    }),
    problems: [...new Set(problems)]
  }
}
