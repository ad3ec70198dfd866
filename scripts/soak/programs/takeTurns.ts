/**
 * Takes turns under one lease until it is killed: a process of `scripts/soak/lease.ts`. Arguments: the folder of the lease,
 * a folder for what is watched, and milliseconds to hold it.
 */
import { Effect } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { setTimeout } from "node:timers/promises"
import { at } from "../../../src/runtime/lease/ProcessLease.ts"

const [folder = "", watched = "", hold = "3"] = process.argv.slice(2)
const inside = join(watched, "inside")
const pid = String(process.pid)

const turn = Effect.scoped(Effect.gen(function* () {
  const lease = yield* at(folder).exclusively("https://mcp.example/")
  yield* lease.tell(`the turn of ${pid}`)
  writeFileSync(inside, pid)
  yield* Effect.promise(() => setTimeout(Number(hold)))
  // Another process that was let in meanwhile has written its own number.
  const now = readFileSync(inside, "utf8")
  if (now !== pid) writeFileSync(join(watched, `overlap-${pid}-${Date.now()}`), now)
  writeFileSync(inside, "")
  console.log("turn")
}))

Effect.runPromise(Effect.forever(turn)).catch((error) => {
  console.error(String(error))
  process.exit(1)
})
