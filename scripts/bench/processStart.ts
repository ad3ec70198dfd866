/** A whole sign-in as one process: from its start, through a callback that is sent from here, to its exit. */
import { get } from "node:http"
import { type AddressInfo, createServer } from "node:net"
import { alternate, type Bench, type Measurement, ratioRow, ratioShown } from "./Bench.ts"

/** Goes to an address and on to where it leads, as a browser does, and reads the page. */
const visit = (url: URL): Promise<void> =>
  new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      const { headers, statusCode } = response
      response.resume().on("end", () => {
        if (statusCode === 200) resolve()
        else if (statusCode === 303) resolve(visit(new URL(headers.location ?? "", url)))
        else reject(new Error(`${url.pathname} is answered with ${statusCode}`))
      })
    }).on("error", reject)
  })

/** A port that is free at this moment, for the packages that cannot choose one themselves. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().on("error", reject).listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

/** Milliseconds from the start of a program to its end. */
const sample = (bench: Bench, program: string, takesPort = false) => async (): Promise<number> => {
  const args = takesPort ? [String(await freePort())] : []
  const start = performance.now()
  const child = bench.start(program, args)
  try {
    const [redirectUri = "", state = ""] = (await child.line(/^http\S+ \S+$/)).split(" ")
    await visit(new URL(`${redirectUri}?${new URLSearchParams({ code: "SplxlOBeZQQYbYS6WxSbIA", state })}`))
    await child.ended
    return performance.now() - start
  } finally {
    await child.end()
  }
}

const run = async (bench: Bench) => {
  const ways = {
    raw: sample(bench, "start-raw.mjs"),
    ours: sample(bench, "start-ours.mjs"),
    defaults: sample(bench, "start-defaults.mjs")
  }
  const peers: Readonly<Record<"oauthCallback" | "mastra", () => Promise<number>>> | undefined = bench.hasPeers
    ? {
      oauthCallback: sample(bench, "start-oauth-callback.mjs", true),
      mastra: sample(bench, "start-mastra.mjs", true)
    }
    : undefined
  const all: Readonly<Record<string, () => Promise<number>>> = { ...ways, ...peers }
  // Twice unmeasured: files are cached, and Deno keeps compiled code from its second run on.
  await alternate(all, 2)
  const samples = await alternate(all, bench.rounds(20))
  const whole = "process start, one callback, exit"
  return [
    ...ratioRow("start", bench, samples["ours"], samples["raw"]),
    ...ratioShown(`./promise with its defaults: ${whole} / raw node:http`, bench, samples["defaults"], samples["raw"]),
    ...ratioShown(`oauth-callback: ${whole} / raw node:http`, bench, samples["oauthCallback"], samples["raw"]),
    ...ratioShown(`@mastra/mcp: ${whole} / raw node:http`, bench, samples["mastra"], samples["raw"])
  ]
}

/** `./promise` from process start to exit. */
export const processStart: Measurement = { rows: ["start"], run }
