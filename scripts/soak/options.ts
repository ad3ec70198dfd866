/** The command line of the soak. */
import { parseArgs } from "node:util"

/** The options with their defaults. */
export interface Options {
  readonly help: boolean
  readonly json: boolean
  readonly only: ReadonlyArray<string>
  /** Runtimes, and `mixed`. */
  readonly on: ReadonlyArray<string>
  /** Of the number of rounds: 1 is the whole soak. */
  readonly scale: number
  readonly seed: number
}

const places = ["node", "deno", "bun", "mixed"]

/** What `--help` prints. */
export const usage = (parts: ReadonlyArray<string>): string =>
  `Usage: npm run soak [-- --only PART,PART] [-- --on node,deno,bun,mixed] [-- --scale N] [-- --seed N] [-- --json]

  --only    of these parts: ${parts.join(", ")}
  --on      on these runtimes; mixed is all that are there, together; by default each of them, and mixed
  --scale   how much of it: 0.1 runs a tenth of the rounds; by default 1
  --seed    draws the damages of an earlier run again; by default 1
  --json    prints one JSON object last
`

/** Reads the arguments. @throws {Error} when an option is unknown or has an invalid value. */
export const parse = (args: ReadonlyArray<string>, parts: ReadonlyArray<string>): Options => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      on: { type: "string", default: places.join(",") },
      only: { type: "string" },
      scale: { type: "string", default: "1" },
      seed: { type: "string", default: "1" }
    }
  })
  const only = values.only?.split(",") ?? parts
  const unknown = only.find((name) => !parts.includes(name))
  if (unknown !== undefined) throw new Error(`There is no part "${unknown}". There are: ${parts.join(", ")}`)
  const on = values.on.split(",")
  const nowhere = on.find((name) => !places.includes(name))
  if (nowhere !== undefined) throw new Error(`--on names "${nowhere}". Use some of: ${places.join(", ")}`)
  const scale = Number(values.scale)
  if (!(scale > 0 && scale <= 100)) throw new Error(`--scale is "${values.scale}". Use a number above 0`)
  if (!/^\d{1,9}$/.test(values.seed)) throw new Error(`--seed is "${values.seed}". Use a whole number`)
  return { help: values.help, json: values.json, on, only, scale, seed: Number(values.seed) }
}
