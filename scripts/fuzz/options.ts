/** The command line of the fuzzer. */
import { parseArgs } from "node:util"

/** What `--help` prints. */
export const usage = `Usage: npm run fuzz [-- --seconds N] [-- --inputs N] [-- --seed N] [-- --only TEXT]

  --seconds   how long it runs in all; by default 60
  --inputs    how many inputs each reader gets at most; by default as many as fit into the time
  --seed      draws the inputs of an earlier run again; by default another seed each time
  --only      the readers whose name contains this text
`

/** The options with their defaults. */
export interface Options {
  readonly help: boolean
  readonly seconds: number
  readonly inputs: number
  readonly seed: number
  readonly only: string
}

/** Reads the arguments. @throws {Error} when an option is unknown or has an invalid value. */
export const parse = (args: ReadonlyArray<string>, names: ReadonlyArray<string>): Options => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", default: false },
      inputs: { type: "string" },
      only: { type: "string", default: "" },
      seconds: { type: "string" },
      seed: { type: "string" }
    }
  })
  const number = (name: "inputs" | "seconds" | "seed", otherwise: number): number => {
    const value = values[name]
    if (value !== undefined && !/^\d{1,10}$/.test(value)) throw new Error(`--${name} is "${value}". Use a whole number`)
    return value === undefined ? otherwise : Number(value)
  }
  if (!names.some((name) => name.includes(values.only))) {
    throw new Error(`There is no reader whose name contains "${values.only}". There are: ${names.join(", ")}`)
  }
  return {
    help: values.help,
    only: values.only,
    inputs: number("inputs", Infinity),
    // With a number of inputs there is no limit of time unless it is asked for.
    seconds: number("seconds", values.inputs === undefined ? 60 : Infinity),
    seed: number("seed", Math.floor(Math.random() * 2 ** 31))
  }
}
