/** Takes away one guard after the other, in a copy of the sources, and looks whether the test named for it fails. */
import { spawn } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import type { Guard } from "./guards.ts"

/** What became of a test. `Absent`: it did not run, or its file could not be loaded. */
type Verdict = "Passed" | "Failed" | "Absent"

/** The fields of vitest's JSON report that are read here. */
interface Report {
  readonly testResults: ReadonlyArray<{
    readonly assertionResults: ReadonlyArray<{ readonly title: string; readonly status: string }>
  }>
}

/** A copy of what the tests need. Those that start programs load the changed source there too. */
const withCopy = async <A>(root: string, use: (folder: string) => Promise<A>): Promise<A> => {
  const folder = mkdtempSync(join(tmpdir(), "guards-"))
  try {
    for (const name of ["src", "test", "scripts", "deno.json", "package.json", "tsconfig.json", "README.md", ".github"]) {
      if (existsSync(join(root, name))) cpSync(join(root, name), join(folder, name), { recursive: true })
    }
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction")
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/** Runs one test of a file, for two minutes at most. */
const runTest = (folder: string, { runBy, test: [cited, name] }: Guard): Promise<Verdict> =>
  new Promise((resolve) => {
    const report = join(folder, "report.json")
    rmSync(report, { force: true })
    const child = spawn(process.execPath, [
      "node_modules/vitest/vitest.mjs",
      "run",
      "--config=scripts/vitest.config.ts",
      "--project=src",
      "--maxWorkers=1",
      "--minWorkers=1",
      "--testTimeout=20000",
      "--reporter=json",
      `--outputFile=${report}`,
      `-t=${escaped(name)}`,
      runBy ?? cited
    ], { cwd: folder, stdio: "ignore", detached: true, env: { ...process.env, CI: "1" } })
    const stop = () => {
      try {
        process.kill(-(child.pid ?? 0), "SIGKILL")
      } catch {
        // It has ended.
      }
    }
    const timer = setTimeout(stop, 180_000)
    child.on("close", (_, signal) => {
      clearTimeout(timer)
      stop()
      if (!existsSync(report)) return resolve(signal === null ? "Absent" : "Failed")
      const { testResults }: Report = JSON.parse(readFileSync(report, "utf8"))
      const found = testResults.flatMap(({ assertionResults }) => assertionResults)
        .filter(({ status, title }) => title.startsWith(name) && (status === "passed" || status === "failed"))
      if (found.length === 0) return resolve("Absent")
      resolve(found.some(({ status }) => status === "failed") ? "Failed" : "Passed")
    })
  })

/** Why a guard's change cannot be made; `undefined`: it can. */
export const problemOf = ({ change: [from], file }: Guard, source: string): string | undefined => {
  const places = source.split(from).length - 1
  return places === 1 ? undefined : `${file} has ${places} places with: ${from.trim()}`
}

/** What was found out about one guard; `undefined`: its test passes with it and fails without it. */
const tryGuard = async (folder: string, guard: Guard): Promise<string | undefined> => {
  const path = join(folder, guard.file)
  const source = readFileSync(path, "utf8")
  const problem = problemOf(guard, source)
  if (problem !== undefined) return problem
  const before = await runTest(folder, guard)
  if (before !== "Passed") return before === "Failed" ? "its test fails with it too" : "its test did not run"
  const [from, to] = guard.change
  try {
    writeFileSync(path, source.replace(from, () => to))
    const without = await runTest(folder, guard)
    return without === "Failed" ? undefined : without === "Passed" ? "its test passes without it" : "no test ran without it"
  } finally {
    writeFileSync(path, source)
  }
}

/** Tries guards, and tells of each. @returns how many are held by no test. */
export const removeGuards = async (root: string, guards: ReadonlyArray<Guard>, jobs: number): Promise<number> => {
  const left = guards.values()
  let failures = 0
  const work = () =>
    withCopy(root, async (folder) => {
      for (const guard of left) {
        const problem = await tryGuard(folder, guard)
        if (problem !== undefined) failures++
        const [file, name] = guard.test
        console.log(`${problem === undefined ? "held" : "NOT HELD"}: ${guard.guard} (${guard.file})`)
        console.log(`  ${problem ?? `fails without it: ${file}: "${name}"`}`)
      }
    })
  await Promise.all(Array.from({ length: Math.min(jobs, guards.length) }, work))
  console.log(`\n${guards.length} guards, ${guards.length - failures} held by their tests, ${failures} not`)
  return failures
}
