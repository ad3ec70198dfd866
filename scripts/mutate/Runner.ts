/**
 * Runs inside of vitest's worker, after the first run of the first test file: tries one mutant after the other in the
 * same process. For each it loads the sources afresh, and runs the tests that come by the mutant, until one fails.
 */
import { startTests } from "@vitest/runner"
import type { File, Task, Test } from "@vitest/runner"
import { appendFileSync } from "node:fs"
import process from "node:process"
import { VitestTestRunner } from "vitest/runners"
import { Switch } from "./Switch.ts"
import type { Line, Plan } from "./Plan.ts"

const plan: Plan = JSON.parse(process.env.MUTATE_PLAN ?? "{}")
const write = (line: Line) => appendFileSync(plan.out, `${JSON.stringify(line)}\n`)
const mutation = Switch.install()

/** A test is known by its file and its name: its task is another one in each run. */
const nameOf = (test: Task): string => {
  const names = [test.name]
  for (let suite = test.suite; suite !== undefined; suite = suite.suite) names.unshift(suite.name)
  return names.join(" > ")
}

export default class Runner extends VitestTestRunner {
  /** Mutant to the tests of each file that come by it; `true` for what runs when the file is loaded. */
  readonly #reached = new Map<number, Map<string, Set<string> | true>>()
  #wanted: Set<string> | true = true
  #failed: string | undefined
  #file = ""

  #collect(test: string | undefined) {
    for (const id of mutation.takeReached()) {
      const files = this.#reached.get(id) ?? new Map<string, Set<string> | true>()
      this.#reached.set(id, files)
      const tests = files.get(this.#file) ?? new Set<string>()
      files.set(this.#file, test === undefined || tests === true ? true : tests.add(test))
    }
  }

  override async onBeforeRunTask(test: Test): Promise<void> {
    this.#collect(undefined)
    if (this.#failed !== undefined || (this.#wanted !== true && !this.#wanted.has(nameOf(test)))) test.mode = "skip"
    await super.onBeforeRunTask(test)
  }

  override onAfterRunTask(test: Test): void {
    this.#collect(nameOf(test))
    if (test.result?.state === "fail") this.#failed ??= nameOf(test)
    super.onAfterRunTask(test)
  }

  /** Runs one test file, and says what failed first. */
  async #run(file: string, mutant: number, wanted: Set<string> | true): Promise<string | undefined> {
    this.#file = file
    this.#failed = undefined
    this.#wanted = wanted
    this.cancelRun = false
    for (const [path, module] of this.#modules()) if (!path.includes("/node_modules/")) module()
    mutation.choose(mutant, plan.limit)
    const files: ReadonlyArray<File> = await startTests([file], this)
    const broken = files.find(({ result }) => result?.state === "fail")
    this.#collect(undefined)
    return this.#failed ?? (broken && "the file as a whole")
  }

  #modules(): ReadonlyArray<readonly [string, () => void]> {
    const cache = this.workerState.moduleCache
    return [...cache.keys()].map((path) => [path, () => {
      if (!/vitest|mutate\/(Runner|Switch)/.test(path)) cache.delete(path)
    }])
  }

  override async onAfterRunFiles(): Promise<void> {
    super.onAfterRunFiles()
    const nothing = () => Promise.resolve()
    // Nothing of what follows is vitest's to report.
    Object.assign(this, { onTaskUpdate: nothing, onCollected: nothing, onCollectStart: nothing, onAfterRunFiles: nothing })
    mutation.takeReached()
    const usable: Array<string> = []
    for (const file of plan.tests) {
      write({ begin: file })
      mutation.record(true)
      const failed = await this.#run(file, 0, true)
      mutation.record(false)
      if (failed === undefined) usable.push(file)
      else write({ unusable: file, test: failed })
    }
    const done = new Set(plan.done)
    for (const id of plan.mutants) {
      if (done.has(id)) continue
      const files = this.#reached.get(id)
      if (files === undefined) {
        write({ id, status: "unreached" })
        continue
      }
      write({ begin: id })
      let line: Line = { id, status: "survived" }
      for (const file of usable) {
        const tests = files.get(file)
        if (tests === undefined) continue
        const failed = await this.#run(file, id, tests)
        if (failed !== undefined) {
          line = { id, status: mutation.isOverdue() ? "timeout" : "killed", test: failed }
          break
        }
      }
      write(line)
    }
    write({ end: true })
  }
}
