// One sign-in from process start to exit: the raw receiver.
import process from "node:process"
import { receive } from "../rawReceiver.mjs"

const { close, code, redirectUri, state } = await receive()
process.stdout.write(`${redirectUri} ${state}\n`)
await code
await close()
