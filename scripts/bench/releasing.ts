/** How long it takes to release a flow. */
import { type Bench, figureRow, type Measurement } from "./Bench.ts"

type Samples = Readonly<Record<"ours" | "raw" | "oursIdle" | "rawIdle", ReadonlyArray<number>>>

const run = async (bench: Bench) => {
  const { ours, oursIdle, raw, rawIdle } = await bench.read<Samples>("release.mjs", [String(bench.rounds(100))])
  return [...figureRow("release", bench, ours, raw), ...figureRow("releaseIdle", bench, oursIdle, rawIdle)]
}

/** Release after success and the last page. */
export const releasing: Measurement = { rows: ["release", "releaseIdle"], run }
