/** Whole flows in a process that runs: bind, callback, 303, page, release. */
import { type Bench, type Measurement, ratioRow, ratioShown } from "./Bench.ts"

type Way = "raw" | "ours" | "oursWithPaste" | "oauthCallback" | "mastra"
type Samples = Readonly<Partial<Record<Way, ReadonlyArray<number>>>>

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
  return [
    ...ratioRow("flowSequential", bench, sequential.ours, sequential.raw),
    ...ratioRow("flowAtOnce", bench, atOnce.ours, atOnce.raw),
    ...ratioRow("flowSequentialPeer", bench, sequential.ours, sequential.oauthCallback),
    ...ratioRow("flowAtOncePeer", bench, atOnce.ours, atOnce.oauthCallback),
    ...([["sequential", sequential], ["1,000 at once", atOnce]] as const).flatMap(([how, samples]) => [
      ...ratioShown(`one flow that reads stdin too, ${how} / raw receiver`, bench, samples.oursWithPaste, samples.raw),
      ...ratioShown(`oauth-callback: one flow, ${how} / raw receiver`, bench, samples.oauthCallback, samples.raw),
      ...ratioShown(`@mastra/mcp: one flow, ${how} / raw receiver`, bench, samples.mastra, samples.raw)
    ])
  ]
}

/** One flow after the other, and a thousand at once. */
export const wholeFlows: Measurement = {
  rows: ["flowSequential", "flowAtOnce", "flowSequentialPeer", "flowAtOncePeer"],
  run
}
