/** How many requests that are not its callback a waiting flow answers. */
import { type Bench, type Measurement, ratioRow, ratioShown } from "./Bench.ts"

type Samples = Readonly<Record<"ours" | "raw", ReadonlyArray<number>>>

const portOf = (redirectUri: string): number => Number(new URL(redirectUri).port)

const run = async (bench: Bench) => {
  const raw = bench.start("junk-server.mjs", ["raw"])
  const ours = bench.start("junk-server.mjs", ["ours"])
  try {
    const servers = { raw: portOf(await raw.line(/^http/)), ours: portOf(await ours.line(/^http/)) }
    const load = (target: string): Promise<Samples> =>
      bench.load("junk-load.mjs", [JSON.stringify({ millis: 500, rounds: bench.rounds(7), servers, target })])
    const path = await load("/favicon.ico")
    const state = await load("/callback?code=SplxlOBeZQQYbYS6WxSbIA&state=af0ifjsldkj")
    return [
      ...ratioRow("junk", bench, path.ours, path.raw),
      ...ratioShown("junk requests a second, wrong state / raw server, same answer", bench, state.ours, state.raw)
    ]
  } finally {
    await Promise.all([raw.end(), ours.end()])
  }
}

/** Junk from another process. */
export const junkRequests: Measurement = { rows: ["junk"], run }
