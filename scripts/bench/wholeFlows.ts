/** Whole flows in a process that runs: bind, callback, 303, page, release. */
import { type Bench, type Measurement, ratioRow, ratioShown } from "./Bench.ts"

type Way = "raw" | "ours" | "oursWithPaste" | "promise"
type Samples = Readonly<Record<Way, ReadonlyArray<number>>>

interface Measured {
  readonly sequential: Samples
  readonly atOnce: Samples
  readonly lostPages: Readonly<Record<Way, number>>
}

const run = async (bench: Bench) => {
  const { atOnce, lostPages, sequential } = await bench.read<Measured>(
    "flows.mjs",
    [JSON.stringify({ rounds: bench.rounds(7), sequential: 100, atOnce: 1000 })],
    { gc: true }
  )
  for (const [way, count] of Object.entries(lostPages)) {
    if (count > 0) bench.note(`${count} last pages were requested after the release, with 1,000 at once: ${way}`)
  }
  const rows = (key: "flowSequential" | "flowAtOnce", how: string, { ours, oursWithPaste, promise, raw }: Samples) => [
    ...ratioRow(key, bench, ours, raw),
    ...ratioRow(`${key}Promise`, bench, promise, raw),
    ...ratioShown(`one flow that reads stdin too, ${how} / raw receiver`, bench, oursWithPaste, raw)
  ]
  return [...rows("flowSequential", "sequential", sequential), ...rows("flowAtOnce", "1,000 at once", atOnce)]
}

/** One flow after the other, and a thousand at once. */
export const wholeFlows: Measurement = {
  rows: ["flowSequential", "flowSequentialPromise", "flowAtOnce", "flowAtOncePromise"],
  run
}
