// Two flows that wait on the port that is named: prints the first one's `state` when both do. The second one keeps the port.
// Ends when it is killed.
import process from "node:process"
import { runtimeWith, startFlow } from "./waiting.mjs"

const runtime = await runtimeWith()
const port = Number(process.argv[2])
const { state } = await startFlow(runtime, false, undefined, port)
await startFlow(runtime, false, undefined, port)
process.stdout.write(`${state}\n`)
