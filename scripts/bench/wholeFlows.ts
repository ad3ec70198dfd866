/** Whole flows in a process that runs: bind, callback, 303, page, release. */
import { type Bench, type Measurement, ratioRow, ratioShown } from "./Bench.ts"

type Way = "raw" | "rawAtOnce" | "ours" | "oursWithPaste" | "oauthCallback" | "mastra"
type Values = ReadonlyArray<number>
type Samples = Readonly<Partial<Record<Way, Values>>>

interface Measured {
  readonly sequential: Samples
  readonly atOnce: Samples
  readonly lostPages: Readonly<Partial<Record<Way, number>>>
}

const run = async (bench: Bench) => {
  const { atOnce, lostPages, sequential } = await bench.read<Measured>(
    "flows.mjs",
    [JSON.stringify({ peers: bench.hasPeers, rounds: bench.rounds(7), sequential: 100, atOnce: 1000 })],
    { gc: true }
  )
  for (const [way, count = 0] of Object.entries(lostPages)) {
    if (count > 0) bench.note(`${count} last pages were asked for too late, with a thousand at once: ${way}`)
  }
  const rows = (key: "flowSequential" | "flowAtOnce", how: string, samples: Samples) => {
    const { mastra, oauthCallback, ours, oursWithPaste, raw, rawAtOnce } = samples
    // Each against the receiver that does as many requests: what it takes for what it does.
    const times = (values: Values = [], base: Values = []) => values.map((value, index) => value / (base[index] ?? NaN))
    return [
      ...ratioRow(key, bench, ours, raw),
      ...ratioRow(`${key}Peer`, bench, times(ours, raw), times(oauthCallback, rawAtOnce)),
      ...ratioShown(`one flow that reads stdin too, ${how} / raw receiver`, bench, oursWithPaste, raw),
      ...ratioShown(
        `oauth-callback: one flow of one request, ${how} / raw receiver of one`,
        bench,
        oauthCallback,
        rawAtOnce
      ),
      ...ratioShown(`@mastra/mcp: one flow of one request, ${how} / raw receiver of one`, bench, mastra, rawAtOnce),
      ...ratioShown(`one flow of two requests, ${how} / oauth-callback with one`, bench, ours, oauthCallback)
    ]
  }
  return [...rows("flowSequential", "sequential", sequential), ...rows("flowAtOnce", "1,000 at once", atOnce)]
}

/** One flow after the other, and a thousand at once. */
export const wholeFlows: Measurement = {
  rows: ["flowSequential", "flowAtOnce", "flowSequentialPeer", "flowAtOncePeer"],
  run
}
