// One request with a token in memory, and the same without the package, in turn. Prints the median of each round in
// milliseconds.
import { createMcpOAuth } from "effect-oauth-callback/promise"
import process from "node:process"

const { accessToken, directory, serverUrl } = JSON.parse(process.argv[2])
const rounds = Number(process.argv[3])
const pairs = 200

const oauth = await createMcpOAuth({ serverUrl, store: { appName: "bench", directory }, interactive: false })
const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" })
const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" }
const url = new URL(serverUrl)
const ways = {
  bare: () => fetch(url, { method: "POST", headers: { ...headers, authorization: `Bearer ${accessToken}` }, body }),
  ours: () => oauth.fetch(url, { method: "POST", headers, body })
}

const time = async (send) => {
  const start = performance.now()
  const response = await send()
  await response.text()
  if (response.status !== 200) throw new Error(`the server answered ${response.status}`)
  return performance.now() - start
}

const median = (values) => values.sort((left, right) => left - right)[values.length >> 1]

const round = async () => {
  const times = { bare: [], ours: [] }
  for (let pair = 0; pair < pairs; pair++) {
    for (const way of pair % 2 === 0 ? ["bare", "ours"] : ["ours", "bare"]) times[way].push(await time(ways[way]))
  }
  return { bare: median(times.bare), ours: median(times.ours) }
}

const medians = { bare: [], ours: [] }
// In the first rounds the engine still compiles, so that each is faster than the one before it.
for (let count = 0; count < 10; count++) await round()
for (let count = 0; count < rounds; count++) {
  const { bare, ours } = await round()
  medians.bare.push(bare)
  medians.ours.push(ours)
}
await oauth.close()
process.stdout.write(`${JSON.stringify(medians)}\n`)
process.exit()
