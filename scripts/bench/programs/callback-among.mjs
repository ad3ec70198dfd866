// One callback while other flows wait: prints the milliseconds from sending the request until `authorize` resolves. Each
// flow has a port of its own, unless `port` names one for all: `"one"` is any, and another process may hold a number.
import { connect } from "node:net"
import process from "node:process"
import { answerTo, request } from "./client.mjs"
import { runtimeWith, startFlow, startFlows, warmUp } from "./waiting.mjs"

const { port, samples, waiting } = JSON.parse(process.argv[2])
const runtime = await runtimeWith()

let onGranted
// It keeps the port from the first flow to the last.
const keeper = port === "one" ? await startFlow(runtime, false) : undefined
const number = keeper === undefined ? port : Number(new URL(keeper.redirectUri).port)
const open = () => startFlow(runtime, false, () => onGranted(), number)

/** Sends the callback on a connection that is already open, follows to the page, and waits until the flow has ended. */
const finish = ({ fiber, redirectUri, state }) =>
  new Promise((resolve, reject) => {
    const { pathname, port } = new URL(redirectUri)
    const ended = new Promise((resolve) => fiber.addObserver(resolve))
    const socket = connect(port, "127.0.0.1", () => {
      let millis
      const start = performance.now()
      onGranted = () => {
        millis = performance.now() - start
      }
      socket.write(`GET ${pathname}${answerTo(state)} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`)
      socket.setEncoding("latin1").once("data", async (head) => {
        socket.resetAndDestroy()
        await request(port, /^location: (.*)$/im.exec(head)[1].trim())
        await ended
        resolve(millis)
      })
    })
    socket.on("error", reject)
  })

await warmUp(open)
for (let done = 0; done < 150; done++) await finish(await open())
const flows = await startFlows(open, waiting)
const times = []
for (let done = 0; done < samples; done++) {
  const index = Math.floor(Math.random() * waiting)
  times.push(await finish(flows[index]))
  flows[index] = await open()
}
process.stdout.write(`${JSON.stringify(times)}\n`)
process.exit()
