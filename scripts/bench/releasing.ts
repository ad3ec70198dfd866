/** How long a flow takes to let go. */
import { type Bench, figureRow, figureShown, type Measurement } from "./Bench.ts"

type Samples = Readonly<Record<"ours" | "raw" | "oursIdle" | "rawIdle", ReadonlyArray<number>>>

const run = async (bench: Bench) => {
  const { ours, oursIdle, raw, rawIdle } = await bench.read<Samples>("release.mjs", [String(bench.rounds(100))])
  return [
    ...figureRow("release", bench, ours, raw),
    ...figureRow("releaseIdle", bench, oursIdle, rawIdle),
    ...figureShown("raw receiver: release", bench, "ms", raw),
    ...figureShown("raw receiver: release with 100 idle connections open", bench, "ms", rawIdle)
  ]
}

/** Release after success and the last page. */
export const releasing: Measurement = { rows: ["release", "releaseIdle"], run }
