/**
 * Runs inside of vitest's worker, after the first run of the first test file: tries one mutant after the other in the
 * same process. For each it loads the sources afresh, and runs the tests that come by the mutant, until one fails.
 */
import { startTests } from "@vitest/runner"
import type { File, Task, Test, VitestRunner } from "@vitest/runner"
import { appendFileSync } from "node:fs"
import process from "node:process"
import { VitestTestRunner } from "vitest/runners"
import { Switch } from "./Switch.ts"
import type { Line, Plan } from "./Plan.ts"

const plan: Plan = JSON.parse(process.env.MUTATE_PLAN ?? "{}")
const write = (line: Line) => appendFileSync(plan.out, `${JSON.stringify(line)}\n`)
const mutation = Switch.install()

/** Milliseconds from which a test is slow. */
const slow = 30

/** Tests that measure time say nothing here: they fail where the machine is busy. */
const isTimed = (test: string): boolean => /\b(?:no|little|linear) time\b/.test(test)

/** A test is known by its file and its name: its task is another one in each run. */
const nameOf = (test: Task): string => {
  const names = [test.name]
  for (let suite = test.suite; suite !== undefined; suite = suite.suite) names.unshift(suite.name)
  return names.join(" > ")
}

export default class Runner extends VitestTestRunner {
  /** Mutant to the tests of each file that come by it; `true` for what runs when the file is loaded. */
  readonly #reached = new Map<number, Map<string, Set<string> | true>>()
  /** Tests of a file that took long without a mutant. They come last: most mutants have been found by then. */
  readonly #slow = new Map<string, Set<string>>()
  /** Tests of a file that fail without a mutant. */
  readonly #broken = new Map<string, Set<string>>()
  /** Rounds of loops of a test without a mutant, by file and name. */
  readonly #rounds = new Map<string, number>()
  #wanted: (test: string) => boolean = () => true
  #failed: string | undefined
  #file = ""
  #isStale = true
  #isFirst = false

  /** Without a mutant every test runs. */
  #isOver(): boolean {
    return this.#failed !== undefined && !this.#isFirst
  }

  #slowOf(file: string): Set<string> {
    const found = this.#slow.get(file) ?? new Set()
    this.#slow.set(file, found)
    return found
  }

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
    const name = nameOf(test)
    mutation.rewind(this.#rounds.get(`${this.#file} ${name}`) ?? 0)
    if (this.#isOver() || isTimed(name) || !this.#wanted(name)) test.mode = "skip"
    await super.onBeforeRunTask(test)
  }

  override onAfterRunTask(test: Test): void {
    this.#collect(nameOf(test))
    if (test.result?.state === "fail") {
      this.#failed ??= nameOf(test)
      if (this.#isFirst) this.#broken.set(this.#file, (this.#broken.get(this.#file) ?? new Set()).add(nameOf(test)))
    }
    if (this.#isFirst) this.#rounds.set(`${this.#file} ${nameOf(test)}`, mutation.steps())
    if (this.#isFirst && (test.result?.duration ?? 0) > slow) this.#slowOf(this.#file).add(nameOf(test))
    super.onAfterRunTask(test)
  }

  /** Runs one test file, and says what failed first. */
  async #run(
    file: string,
    mutant: number,
    isLoading: boolean,
    wanted: (test: string) => boolean
  ): Promise<string | undefined> {
    this.#file = file
    this.#failed = undefined
    this.#wanted = wanted
    this.#isFirst = mutant === 0
    this.#forget(isLoading)
    mutation.choose(mutant, plan.limit)
    // It is what vitest itself passes; only its types differ.
    const files: ReadonlyArray<File> = await startTests([file], this as unknown as VitestRunner)
    const broken = files.find(({ result }) => result?.state === "fail")
    this.#collect(undefined)
    return this.#failed ?? (broken && "the file as a whole")
  }

  /** Runs what comes by a mutant in a file, the quick tests first. */
  async #try(id: number, file: string, tests: Set<string> | true): Promise<string | undefined> {
    const slowOnes = this.#slowOf(file)
    const broken = this.#broken.get(file)
    for (const isSlow of [false, true]) {
      if (isSlow && slowOnes.size === 0) break
      const failed = await this.#run(
        file,
        id,
        tests === true,
        (test) => slowOnes.has(test) === isSlow && broken?.has(test) !== true && (tests === true || tests.has(test))
      )
      if (failed !== undefined) return failed
    }
    return undefined
  }

  /**
   * Has files loaded again: the test file each time, since it says anew which tests there are, and the sources where the
   * mutant is, or was, in what runs while they are loaded.
   */
  #forget(sources: boolean) {
    // vitest keeps it private; `vi.resetModules` would have everything loaded again.
    const cache: Map<string, unknown> = Reflect.get(this, "workerState").moduleCache
    for (const path of [...cache.keys()]) {
      const isSource = path.includes("/src/") && !path.includes("/node_modules/")
      if (path.endsWith(this.#file) || (isSource && (sources || this.#isStale))) cache.delete(path)
    }
    this.#isStale = sources
  }

  override async onAfterRunFiles(): Promise<void> {
    super.onAfterRunFiles()
    const nothing = () => Promise.resolve()
    // Nothing of what follows is vitest's to report.
    Object.assign(this, {
      onTaskUpdate: nothing,
      onCollected: nothing,
      onCollectStart: nothing,
      onAfterRunFiles: nothing
    })
    // The first run was for nothing but to have a worker: see `measure.ts`.
    Object.assign(this.config, { testNamePattern: undefined })
    const done = new Set(plan.done)
    const left = new Set(plan.mutants.filter((id) => !done.has(id)))
    for (const file of plan.tests) {
      if (left.size === 0) break
      write({ begin: file })
      mutation.takeReached()
      mutation.record(true)
      const failed = await this.#run(file, 0, true, () => true)
      mutation.record(false)
      const broken = this.#broken.get(file)
      if (failed !== undefined) write({ unusable: file, test: [...broken ?? [failed]].join("; ") })
      if (failed !== undefined && broken === undefined) continue
      for (const id of left) {
        const tests = this.#reached.get(id)?.get(file)
        if (tests === undefined) continue
        write({ begin: id })
        const test = await this.#try(id, file, tests)
        if (test === undefined) continue
        write({ id, status: mutation.isOverdue() ? "timeout" : "killed", test })
        left.delete(id)
      }
    }
    for (const id of left) write({ id, status: this.#reached.has(id) ? "survived" : "unreached" })
    write({ end: true })
  }
}
