// Flows that wait on one port, to which another process sends junk. Ends when it is killed.
import process from "node:process"
import { runtimeWith, startFlow, startFlows } from "./waiting.mjs"

const runtime = await runtimeWith()
const { redirectUri } = await startFlow(runtime, false)
const port = Number(new URL(redirectUri).port)
await startFlows(() => startFlow(runtime, false, undefined, port), Number(process.argv[2]) - 1)
process.stdout.write(`${redirectUri}\n`)
