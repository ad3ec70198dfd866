// One pasted line while flows wait: milliseconds until `authorize` resolves, by `submit` and by the lines of a stream.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { PasteInput, Presenter } from "effect-oauth-callback"
import process from "node:process"
import { answerTo } from "./client.mjs"
import { runtimeWith, startFlow, startFlows, warmUp } from "./waiting.mjs"

const { samples, waiting } = JSON.parse(process.argv[2])
const lines = Effect.runSync(Queue.unbounded())
const paste = PasteInput.make(Stream.fromQueue(lines))
// Without one, the terminal would show a line for each paste.
const presenter = Layer.succeed(Presenter, { show: () => Effect.void, notice: () => Effect.void })
const runtime = await runtimeWith(Layer.merge(Layer.succeed(PasteInput, paste), presenter))
const run = Runtime.runFork(runtime)
// Holds the reader all the time: otherwise a flow that waits alone starts and stops it, which is another cost.
await Effect.runPromise(Effect.flatMap(Scope.make(), (scope) => Scope.extend(paste.lines, scope)))

let onGranted
const open = () => startFlow(runtime, true, () => onGranted())

const finish = async ({ fiber, redirectUri, state }, give) => {
  const ended = new Promise((resolve) => fiber.addObserver(resolve))
  const text = redirectUri + answerTo(state)
  let millis
  const start = performance.now()
  onGranted = () => {
    millis = performance.now() - start
  }
  give(text)
  await ended
  return millis
}

const ways = {
  submit: (flow) => finish(flow, (text) => run(paste.submit(text))),
  stream: (flow) => finish(flow, (text) => lines.unsafeOffer(text))
}

await warmUp(open)
for (let done = 0; done < 150; done++) for (const way of ["submit", "stream"]) await ways[way](await open())
const flows = await startFlows(open, waiting)
const times = { submit: [], stream: [] }
for (let done = 0; done < samples; done++) {
  for (const way of ["submit", "stream"]) {
    const index = Math.floor(Math.random() * flows.length)
    times[way].push(await ways[way](flows[index]))
    flows[index] = await open()
  }
}
process.stdout.write(`${JSON.stringify(times)}\n`)
process.exit()
