/**
 * Measures the built package and what it is compared with in turn, on Node and on Deno. Prints medians and ratios with
 * their quartiles. A missed target does not change the exit code, and a row that cannot be measured is left out.
 */
import { rmSync } from "node:fs"
import process from "node:process"
import * as Children from "./bench/children.ts"
import { measureOn } from "./bench/measureOn.ts"
import { type Options, parse, usage } from "./bench/options.ts"
import { peers } from "./bench/peers.ts"
import { json, type Result, table } from "./bench/results.ts"
import { script, withFolder } from "./commands.ts"

const note = (text: string): void => void process.stderr.write(`bench: ${text}\n`)
const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error)

/** On a signal, ends the processes that are measured and removes the folder, then ends as the signal asks. */
const endWith = (folder: string): void => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      Children.endAll()
      rmSync(folder, { recursive: true, force: true })
      process.kill(process.pid, signal)
    })
  }
}

const findPeers = (folder: string): Promise<ReadonlyMap<string, string>> =>
  peers(folder, note).catch((error) => {
    note(`left out: the rows of other packages. ${messageOf(error).split("\n", 1)[0]}`)
    return new Map()
  })

const measureAll = ({ only, rounds, runtimes }: Options): Promise<ReadonlyArray<Result>> =>
  withFolder(async (root) => {
    endWith(root)
    note("building the package")
    await Children.start(script("scripts/build.ts"), { cwd: "." }).ended
    const packages = await findPeers(root)
    const results: Array<Result> = []
    for (const runtime of runtimes) results.push(...await measureOn(runtime, { only, rounds, root, packages, note }))
    return results
  })

const main = async (options: Options): Promise<void> => {
  const start = performance.now()
  const results = await measureAll(options)
  note(`done in ${Math.round((performance.now() - start) / 1000)} s`)
  process.stdout.write(options.json ? `${json(results)}\n` : table(results))
}

const complain = (error: unknown, code: number) => {
  process.exitCode = code
  note(messageOf(error))
}

const options = (() => {
  try {
    return parse(process.argv.slice(2))
  } catch (error) {
    complain(error, 2)
    process.stderr.write(`\n${usage}`)
  }
})()
if (options?.help === true) process.stdout.write(usage)
else if (options !== undefined) await main(options).catch((error) => complain(error, 1))
