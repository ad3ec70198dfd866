// Sends requests to several servers in turn, as fast as they answer. Prints the requests per second of each.
import { Buffer } from "node:buffer"
import { connect } from "node:net"
import process from "node:process"

const { millis, rounds, servers, target } = JSON.parse(process.argv[2])
const connections = 32

/** Length of the whole answer in bytes. It is the same each time, since only the date differs. */
const lengthOf = (port, text) =>
  new Promise((resolve, reject) => {
    let length = 0
    const socket = connect(port, "127.0.0.1", () => socket.write(text))
    socket.on("data", ({ byteLength }) => {
      length += byteLength
    })
    socket.on("close", () => resolve(length))
    socket.on("error", reject)
  })

const buffer = Buffer.alloc(64 * 1024)

const load = async (port) => {
  const text = Buffer.from(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`)
  const length = await lengthOf(port, text)
  let answered = 0
  const start = performance.now()
  /** Sends one request after the other, without a promise or buffer for each, so that the servers are the bottleneck. */
  const work = (done, fail) => {
    if (performance.now() - start > millis) return done()
    let missing = length
    const callback = (bytes) => {
      missing -= bytes
      if (missing > 0) return true
      // A reset, so that the port is free at once (see client.mjs).
      socket.resetAndDestroy()
      answered++
      work(done, fail)
      return true
    }
    const socket = connect({ port, host: "127.0.0.1", onread: { buffer, callback } })
    socket.on("error", fail)
    socket.write(text)
  }
  await Promise.all(Array.from({ length: connections }, () => new Promise(work)))
  return answered / ((performance.now() - start) / 1000)
}

const names = Object.keys(servers)
const samples = Object.fromEntries(names.map((name) => [name, []]))
for (const name of names) await load(servers[name])
for (let round = 0; round < rounds; round++) {
  for (let index = 0; index < names.length; index++) {
    const name = names[(index + round) % names.length]
    samples[name].push(await load(servers[name]))
  }
}
process.stdout.write(`${JSON.stringify(samples)}\n`)
process.exit()
