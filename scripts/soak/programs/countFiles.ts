/** Takes a lease twice, and says how many files are in its folder meanwhile. Argument: the folder. */
import { Effect } from "effect"
import { readdirSync } from "node:fs"
import process from "node:process"
import { at } from "../../../src/runtime/lease/ProcessLease.ts"

const [folder = ""] = process.argv.slice(2)
const turn = Effect.scoped(
  Effect.map(at(folder).exclusively("a"), () => console.log(String(readdirSync(folder).length)))
)
Effect.runPromise(Effect.zipRight(turn, turn)).catch((error) => {
  console.error(error)
  process.exitCode = 1
})
