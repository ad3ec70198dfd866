// Heap of a waiting flow. Prints KiB per flow, a figure for each round.
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import { CallbackFlow } from "effect-oauth-callback"
import { openCallback } from "effect-oauth-callback/promise"
import process from "node:process"
import { setTimeout as sleep } from "node:timers/promises"
import { receive } from "../rawReceiver.mjs"
import { signInUrl } from "./client.mjs"
import { runtimeWith } from "./waiting.mjs"

const { rounds, way } = JSON.parse(process.argv[2])
const count = 1000

const runtime = await runtimeWith()

/** Keeps only the fiber of each flow, so that the bench adds as little as possible. */
const startAll = (paste) =>
  new Promise((resolve) => {
    let missing = count
    const present = () =>
      Effect.sync(() => {
        if (--missing === 0) resolve(fibers)
      })
    const program = CallbackFlow.run(
      { paste },
      (flow) => flow.authorize({ url: signInUrl(flow.redirectUri, Redacted.value(flow.state)), present })
    )
    const fibers = Array.from({ length: count }, () => Runtime.runFork(runtime)(program))
  })

/** The same by `./promise`, which has an Effect of its own. Keeps what closes each flow. */
const openOne = async () => {
  const callback = await openCallback({ paste: false })
  const waiting = new Promise((resolve) => {
    const ended = callback.authorize({ url: signInUrl(callback.redirectUri, callback.state), present: () => resolve() })
    // It ends with `close`.
    ended.catch(() => {})
  })
  await waiting
  return callback.close
}

const endAll = (fibers) => Effect.runPromise(Fiber.interruptAll(fibers))

const ways = {
  raw: {
    open: () => Promise.all(Array.from({ length: count }, () => receive())),
    close: (flows) => Promise.all(flows.map(({ close }) => close()))
  },
  ours: { open: () => startAll(false), close: endAll },
  oursWithPaste: { open: () => startAll(true), close: endAll },
  promise: {
    open: () => Promise.all(Array.from({ length: count }, openOne)),
    close: (closes) => Promise.all(closes.map((close) => close()))
  }
}

/** Bytes in use after garbage collection. */
const used = async () => {
  for (let times = 0; times < 3; times++) {
    await sleep(30)
    globalThis.gc()
  }
  return process.memoryUsage().heapUsed
}

const round = async () => {
  const { close, open } = ways[way]
  const before = await used()
  const flows = await open()
  const after = await used()
  await close(flows)
  return (after - before) / count / 1024
}

// The first round loads and compiles what all flows share.
await round()
const samples = []
for (let done = 0; done < rounds; done++) samples.push(await round())
process.stdout.write(`${JSON.stringify(samples)}\n`)
process.exit()
