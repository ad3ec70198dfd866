/** What this package costs a program with stored tokens: at its start, and on each request. */
import { join } from "node:path"
import { alternate, type Bench, figureRow, type Measurement, ratioRow, ratioShown } from "./Bench.ts"
import { type McpServer, withMcpServer } from "./mcpServer.ts"

/** Starts a server, stores valid tokens for it, and gives the arguments for programs that use them. */
const withTokens = <A>(bench: Bench, use: (args: ReadonlyArray<string>) => Promise<A>): Promise<A> =>
  withMcpServer(async ({ accessToken, url }: McpServer) => {
    const args = [JSON.stringify({ accessToken, directory: join(bench.folder, "store"), serverUrl: url })]
    await bench.start("store-tokens.mjs", args).ended
    return await use(args)
  })

const runStart = (bench: Bench) =>
  withTokens(bench, async (args) => {
    const sample = (program: string) => async () => {
      const start = performance.now()
      const child = bench.start(program, args)
      try {
        await child.line(/^connected$/)
        return performance.now() - start
      } finally {
        await child.end()
      }
    }
    const ways = {
      sdk: sample("signed-in-sdk.mjs"),
      ours: sample("signed-in-promise.mjs"),
      effect: sample("signed-in-effect.mjs")
    }
    await alternate(ways, 2)
    const { effect, ours, sdk } = await alternate(ways, bench.rounds(15))
    return [
      ...ratioRow("signedIn", bench, ours, sdk),
      ...ratioShown(
        "signed in by ./mcp and an Effect program: start to first authorized response / SDK client",
        bench,
        effect,
        sdk
      )
    ]
  })

/** From the start of a process to the first response to its token. */
export const signedInStart: Measurement = { rows: ["signedIn"], run: runStart }

const runFetch = (bench: Bench) =>
  withTokens(bench, async ([arg = ""]) => {
    const { bare, ours } = await bench.read<Readonly<Record<"bare" | "ours", ReadonlyArray<number>>>>(
      "fetching.mjs",
      [arg, String(bench.rounds(45))]
    )
    const added = ours.map((millis, index) => (millis - (bare[index] ?? NaN)) * 1000)
    return [...ratioRow("fetch", bench, ours, bare), ...figureRow("fetchAdded", bench, added)]
  })

/** One request with a token in memory. */
export const signedInFetch: Measurement = { rows: ["fetch", "fetchAdded"], run: runFetch }
