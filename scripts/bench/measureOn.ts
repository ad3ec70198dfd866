/** Takes the chosen measurements on one runtime, one after the other. */
import { join } from "node:path"
import { deno, node, run } from "../commands.ts"
import type { Bench, Measurement, ToCommand } from "./Bench.ts"
import * as Children from "./children.ts"
import { hostedSignIns } from "./hostedSignIns.ts"
import { importing } from "./importing.ts"
import { junkRequests } from "./junkRequests.ts"
import { leasing } from "./leasing.ts"
import { callbackOnPort, junkOnPort, relayed, takeover } from "./onePort.ts"
import { processStart } from "./processStart.ts"
import { releasing } from "./releasing.ts"
import { fullName, isNamed, type Result, type Runtime } from "./results.ts"
import { signedInFetch, signedInStart } from "./signedIn.ts"
import { type TargetKey, targets } from "./targets.ts"
import { callback, heap, paste } from "./waitingFlows.ts"
import { wholeFlows } from "./wholeFlows.ts"
import { prepare } from "./workspace.ts"

const measurements: ReadonlyArray<Measurement> = [
  processStart,
  importing,
  signedInStart,
  wholeFlows,
  heap,
  callback,
  paste,
  junkRequests,
  callbackOnPort,
  junkOnPort,
  relayed,
  takeover,
  signedInFetch,
  leasing,
  hostedSignIns,
  releasing
]

/** Options of {@link measureOn}. */
export interface Wanted {
  /** Rows whose name contains this, in any case. */
  readonly only: string
  readonly rounds: number | undefined
  /** A temporary folder for programs and packages. */
  readonly root: string
  /** Paths of the packages that this one is compared with, by name. */
  readonly packages: ReadonlyMap<string, string>
  readonly note: (text: string) => void
}

/** How a program is started: without this repository's configuration, as in a user's folder. */
const commandOf = (runtime: Runtime, program: string): ToCommand => (file, args = [], { gc = false } = {}) =>
  runtime === "node" ? [program, ...gc ? ["--expose-gc"] : [], file, ...args] : [
    program,
    "run",
    "-A",
    "--no-config",
    "--node-modules-dir=manual",
    ...gc ? ["--v8-flags=--expose-gc"] : [],
    file,
    ...args
  ]

const findProgram = async (runtime: Runtime): Promise<string | undefined> => {
  const program = runtime === "deno" ? deno() : node()
  return program !== undefined && (await run([program, "--version"])).code === 0 ? program : undefined
}

const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error)

/** Measures on one runtime. A row that cannot be measured is left out, and `note` is told why. */
export const measureOn = async (
  runtime: Runtime,
  { note, only, packages, root, rounds }: Wanted
): Promise<ReadonlyArray<Result>> => {
  const wanted = (row: TargetKey) => isNamed(only, targets[row].name, runtime)
  const chosen = measurements.filter(({ rows, shown = [] }) =>
    rows.some(wanted) || shown.some((name) => isNamed(only, name, runtime))
  )
  if (chosen.length === 0) return []
  const program = await findProgram(runtime)
  if (program === undefined) {
    note(`left out: everything on ${runtime}, which is not installed`)
    return []
  }
  const folder = join(root, runtime)
  // Deno's cache of compiled code, separate from the caller's.
  const env = { DENO_DIR: join(root, "deno"), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" }
  const started = { cwd: folder, env }
  const command = commandOf(runtime, program)
  const onNode = await findProgram("node")
  const loader = onNode === undefined ? command : commandOf("node", onNode)
  try {
    await prepare(folder, packages, command, env)
  } catch (error) {
    note(`left out: everything on ${runtime}. ${messageOf(error)}`)
    return []
  }
  const bench: Bench = {
    runtime,
    folder,
    hasPeers: packages.size > 0,
    rounds: (usual) => rounds ?? usual,
    start: (...what) => Children.start(command(...what), started),
    read: async <A>(...what: Parameters<ToCommand>) => await Children.readJson(command(...what), started) as A,
    load: async <A>(...what: Parameters<ToCommand>) => await Children.readJson(loader(...what), started) as A,
    note: (text) => note(`${runtime}: ${text}`)
  }
  const results: Array<Result> = []
  for (const { rows, run, shown = [] } of chosen) {
    const begun = performance.now()
    const measured = await run(bench).catch((error) => {
      note(`${runtime}: ${messageOf(error)}`)
      return []
    })
    const missing = rows.filter((row) => wanted(row) && !measured.some(({ key }) => key === row))
    for (const row of missing) note(`left out: ${fullName(targets[row].name, runtime)}`)
    results.push(...measured.filter(({ key }) => key === undefined || wanted(key)))
    note(`${runtime}: ${[...rows, ...shown].join(", ")} took ${Math.round((performance.now() - begun) / 1000)} s`)
  }
  return results
}
