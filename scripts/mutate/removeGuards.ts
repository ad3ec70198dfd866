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
    for (
      const name of ["src", "test", "scripts", "deno.json", "package.json", "tsconfig.json", "README.md", ".github"]
    ) {
      if (existsSync(join(root, name))) cpSync(join(root, name), join(folder, name), { recursive: true })
    }
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction")
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/** The test file that runs the test of a guard. */
const fileOf = ({ runBy, test: [cited] }: Guard): string => runBy ?? cited

/** Runs the tests of some guards that one file runs, for three minutes at most, and tells of each. */
const runTests = (folder: string, guards: ReadonlyArray<Guard>): Promise<(guard: Guard) => Verdict> =>
  new Promise((resolve) => {
    const report = join(folder, "report.json")
    rmSync(report, { force: true })
    const child = spawn(process.execPath, [
      "node_modules/vitest/vitest.mjs",
      "run",
      "--config=scripts/vitest.config.ts",
      "--project=src",
      "--project=together",
      "--maxWorkers=1",
      "--minWorkers=1",
      "--testTimeout=20000",
      "--reporter=json",
      `--outputFile=${report}`,
      `-t=${guards.map(({ test: [, name] }) => escaped(name)).join("|")}`,
      ...guards.slice(0, 1).map(fileOf)
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
      if (!existsSync(report)) return resolve(() => signal === null ? "Absent" : "Failed")
      const { testResults }: Report = JSON.parse(readFileSync(report, "utf8"))
      const ran = testResults.flatMap(({ assertionResults }) => assertionResults)
        .filter(({ status }) => status === "passed" || status === "failed")
      resolve(({ test: [, name] }) => {
        const found = ran.filter(({ title }) => title.startsWith(name))
        return found.length === 0 ? "Absent" : found.some(({ status }) => status === "failed") ? "Failed" : "Passed"
      })
    })
  })

/** Why a guard's change cannot be made; `undefined`: it can. */
export const problemOf = ({ change: [from], file }: Guard, source: string): string | undefined => {
  const places = source.split(from).length - 1
  return places === 1 ? undefined : `${file} has ${places} places with: ${from.trim()}`
}

/** What was found out about one guard; `undefined`: its test, which passes with it, fails without it. */
const tryGuard = async (folder: string, guard: Guard, before: Verdict): Promise<string | undefined> => {
  const path = join(folder, guard.file)
  const source = readFileSync(path, "utf8")
  const problem = problemOf(guard, source)
  if (problem !== undefined) return problem
  if (before !== "Passed") return before === "Failed" ? "its test fails with it too" : "its test did not run"
  const [from, to] = guard.change
  try {
    writeFileSync(path, source.replace(from, () => to))
    const without = (await runTests(folder, [guard]))(guard)
    return without === "Failed"
      ? undefined
      : without === "Passed"
      ? "its test passes without it"
      : "no test ran without it"
  } finally {
    writeFileSync(path, source)
  }
}

/** Tries guards, and tells of each. @returns how many are held by no test. */
export const removeGuards = async (root: string, guards: ReadonlyArray<Guard>, jobs: number): Promise<number> => {
  const files = [...new Set(guards.map(fileOf))]
  const left = files.values()
  let failures = 0
  const work = () =>
    withCopy(root, async (folder) => {
      for (const each of left) {
        const ofFile = guards.filter((guard) => fileOf(guard) === each)
        const before = await runTests(folder, ofFile)
        for (const guard of ofFile) {
          const problem = await tryGuard(folder, guard, before(guard))
          if (problem !== undefined) failures++
          const [file, name] = guard.test
          console.log(`${problem === undefined ? "held" : "NOT HELD"}: ${guard.guard} (${guard.file})`)
          console.log(`  ${problem ?? `fails without it: ${file}: "${name}"`}`)
        }
      }
    })
  await Promise.all(Array.from({ length: Math.min(jobs, files.length) }, work))
  console.log(`\n${guards.length} guards, ${guards.length - failures} held by their tests, ${failures} not`)
  return failures
}
