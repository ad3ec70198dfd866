/** What it costs that flows share a port, in one process and among several. */
import { get } from "node:http"
import { createServer } from "node:net"
import { alternate, type Bench, figureRow, type Measurement, ratioRow, ratioShown } from "./Bench.ts"
import type { Child } from "./children.ts"
import { median } from "./statistics.ts"

type Values = ReadonlyArray<number>

/** The median of callbacks; `port`: `"one"` that the program holds, or one that another process holds. */
const callbackOn = (bench: Bench, port: "one" | number, waiting: number) => async () =>
  median(await bench.read<Values>("callback-among.mjs", [JSON.stringify({ port, samples: 100, waiting })]))

const runCallback = async (bench: Bench) => {
  const ways = { few: callbackOn(bench, "one", 10), many: callbackOn(bench, "one", 10_000) }
  const { few, many } = await alternate(ways, bench.rounds(3))
  return ratioRow("callbackOnPort", bench, many, few)
}

/** A callback among few and among many flows of one port. */
export const callbackOnPort: Measurement = { rows: ["callbackOnPort"], run: runCallback }

const portOf = (redirectUri: string): number => Number(new URL(redirectUri).port)

const runJunk = async (bench: Bench) => {
  const [few, many] = [bench.start("junk-among.mjs", ["10"]), bench.start("junk-among.mjs", ["10000"])]
  try {
    const servers = { few: portOf(await few.line(/^http/)), many: portOf(await many.line(/^http/)) }
    /** Milliseconds for each request. */
    const load = async (target: string): Promise<Readonly<Record<"few" | "many", Values>>> => {
      const options = { millis: 500, rounds: bench.rounds(7), servers, target }
      const perSecond = await bench.load<Readonly<Record<"few" | "many", Values>>>(
        "junk-load.mjs",
        [JSON.stringify(options)]
      )
      const each = (values: Values) => values.map((value) => 1000 / value)
      return { few: each(perSecond.few), many: each(perSecond.many) }
    }
    const path = await load("/favicon.ico")
    const state = await load("/callback?code=SplxlOBeZQQYbYS6WxSbIA&state=af0ifjsldkj")
    return [
      ...ratioRow("junkOnPort", bench, path.many, path.few),
      ...ratioShown("a junk request with a wrong state, 10,000 on one port / 10", bench, state.many, state.few)
    ]
  } finally {
    await Promise.all([few.end(), many.end()])
  }
}

/** Junk to few and to many flows of one port. */
export const junkOnPort: Measurement = { rows: ["junkOnPort"], run: runJunk }

/** A process with flows on a port, and the `state` of its first one. */
interface PortUser {
  readonly child: Child
  readonly port: number
  readonly state: string
}

/** A port that nobody uses: one that is asked for as any free one is not shared with other processes. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().on("error", reject).listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

const startUser = async (bench: Bench, port: number): Promise<PortUser> => {
  const child = bench.start("port-user.mjs", [String(port)])
  return { child, port, state: await child.line(/^[\da-f]{64}$/) }
}

/** The median of callbacks on a port that another process holds. */
const callbackRelayed = (bench: Bench) => async () => {
  const { child, port } = await startUser(bench, await freePort())
  try {
    return await callbackOn(bench, port, 10)()
  } finally {
    await child.end()
  }
}

const runRelayed = async (bench: Bench) => {
  const ways = { own: callbackOn(bench, "one", 10), relayed: callbackRelayed(bench) }
  const { own, relayed } = await alternate(ways, bench.rounds(5))
  return [...ratioRow("relayed", bench, relayed, own), ...figureRow("relayedTime", bench, relayed, own)]
}

/** A callback that comes in at the process that holds the port, for a flow of another one. */
export const relayed: Measurement = { rows: ["relayed", "relayedTime"], run: runRelayed }

/** The status of one answer; 0 without any. */
const statusOf = (port: number, path: string): Promise<number> =>
  new Promise((resolve) => {
    const asked = get({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    asked.on("error", () => resolve(0))
  })

/** Reloads until the callback is taken, as a person does. */
const finish = async ({ port, state }: PortUser): Promise<void> => {
  for (let attempt = 0; attempt < 2000; attempt++) {
    if (await statusOf(port, `/callback?code=SplxlOBeZQQYbYS6WxSbIA&state=${state}`) === 303) return
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error("nobody took the port over")
}

const runTakeover = async (bench: Bench) => {
  const samples: Array<number> = []
  let holder = await startUser(bench, await freePort())
  try {
    while (samples.length < bench.rounds(15)) {
      const next = await startUser(bench, holder.port)
      const start = performance.now()
      const ending = holder.child.end()
      holder = next
      await finish(next)
      samples.push(performance.now() - start)
      await ending
    }
  } finally {
    await holder.child.end()
  }
  return figureRow("takeover", bench, samples)
}

/** From `kill -9` of the process that holds a port until the callback of another one is taken there. */
export const takeover: Measurement = { rows: ["takeover"], run: runTakeover }
