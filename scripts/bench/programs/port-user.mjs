// Two flows that wait on the port that is named, or on any: prints where, and the first one's `state`. The second one keeps
// the port. Ends when it is killed.
import process from "node:process"
import { runtimeWith, startFlow } from "./waiting.mjs"

const runtime = await runtimeWith()
const { redirectUri, state } = await startFlow(runtime, false, undefined, Number(process.argv[2] ?? 0))
await startFlow(runtime, false, undefined, Number(new URL(redirectUri).port))
process.stdout.write(`${JSON.stringify({ port: Number(new URL(redirectUri).port), state })}\n`)
