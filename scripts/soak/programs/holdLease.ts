/**
 * Takes one lease, and does what stdin says: `tell TEXT` and `release`. Says what happens, as lines of JSON. Arguments: the
 * folder of the lease and its name.
 */
import { Deferred, Effect } from "effect"
import process from "node:process"
import { createInterface } from "node:readline"
import { at } from "../../../src/runtime/lease/ProcessLease.ts"

const [folder = "", name = ""] = process.argv.slice(2)
const say = (event: string, more: object = {}) => console.log(JSON.stringify({ event, ...more }))

const main = Effect.scoped(Effect.gen(function* () {
  say("asks")
  const lease = yield* at(folder).exclusively(name, { onHolder: (holder) => say("waits", holder) })
  const released = yield* Deferred.make<void>()
  createInterface({ input: process.stdin }).on("line", (line) => {
    if (line.startsWith("tell ")) Effect.runSync(lease.tell(line.slice(5)))
    else if (line === "release") Effect.runFork(Deferred.succeed(released, undefined))
  })
  say("holds")
  yield* Deferred.await(released)
}))

Effect.runPromise(main).then(() => {
  say("released")
  process.exit(0)
}, (error) => {
  say("failed", { message: String(error) })
  process.exit(1)
})
