/** The command line of the bench. */
import { parseArgs } from "node:util"
import { isNamed, type Runtime } from "./results.ts"
import { shown, targets } from "./targets.ts"

/** What `--help` prints. */
export const usage = `Usage: npm run bench [-- --json] [-- --only TEXT] [-- --runtime node|deno] [-- --rounds N]

  --json      one JSON object as the last line of stdout
  --only      the rows whose name contains this text, in any case
  --runtime   one runtime; by default both
  --rounds    how often everything is measured; by default as often as each row needs
`

/** The options with their defaults. */
export interface Options {
  readonly help: boolean
  readonly json: boolean
  readonly only: string
  readonly runtimes: ReadonlyArray<Runtime>
  readonly rounds: number | undefined
}

/** Reads the arguments. @throws {Error} when an option is unknown or has an invalid value. */
export const parse = (args: ReadonlyArray<string>): Options => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      rounds: { type: "string" },
      runtime: { type: "string" }
    }
  })
  const { rounds, runtime, ...rest } = values
  if (runtime !== undefined && runtime !== "node" && runtime !== "deno") {
    throw new Error(`There is no runtime "${runtime}". Use node or deno`)
  }
  if (rounds !== undefined && !/^[1-9]\d{0,4}$/.test(rounds)) {
    throw new Error(`--rounds is "${rounds}". Use a whole number from 1`)
  }
  const runtimes: ReadonlyArray<Runtime> = runtime === undefined ? ["node", "deno"] : [runtime]
  const names = [...Object.values(targets).map(({ name }) => name), ...Object.values(shown)]
  if (!names.some((name) => runtimes.some((each) => isNamed(rest.only, name, each)))) {
    throw new Error(`There is no row whose name contains "${rest.only}"`)
  }
  return {
    ...rest,
    runtimes,
    rounds: rounds === undefined ? undefined : Number(rounds)
  }
}
