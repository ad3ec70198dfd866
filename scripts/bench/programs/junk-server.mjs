// One waiting flow, to which another process sends junk. Ends when it is killed.
import process from "node:process"
import { receive } from "../rawReceiver.mjs"
import { runtimeWith, startFlow } from "./waiting.mjs"

const { redirectUri } = process.argv[2] === "raw" ? await receive() : await startFlow(await runtimeWith(), false)
process.stdout.write(`${redirectUri}\n`)
