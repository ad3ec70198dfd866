/** Signing people in from a web service, beside a route written by hand with the same checks. */
import { type Bench, figureShown, type Measurement, ratioShown } from "./Bench.ts"
import { shown } from "./targets.ts"

interface Samples {
  /** Sign-ins a second. */
  readonly perSecond: ReadonlyArray<number>
  /** Requests to servers for each. */
  readonly requests: number
  /** Heap of one that waits. */
  readonly kib: number
}

const run = async (bench: Bench) => {
  const rounds = bench.rounds(5)
  const samples: Record<"byHand" | "ours", Array<number>> = { byHand: [], ours: [] }
  const heap: Record<"byHand" | "ours", Array<number>> = { byHand: [], ours: [] }
  for (let round = 0; round < rounds; round++) {
    for (const way of round % 2 === 0 ? ["byHand", "ours"] as const : ["ours", "byHand"] as const) {
      const options = { pending: 10_000, rounds: 1, signIns: 1000, way }
      const { kib, perSecond, requests } = await bench.read<Samples>("hosted.mjs", [JSON.stringify(options)], {
        gc: true
      })
      samples[way].push(...perSecond)
      heap[way].push(kib)
      if (round === 0) bench.note(`${way} sends ${requests} requests for one sign-in`)
    }
  }
  return [
    ...ratioShown(shown.hosted, bench, samples.ours, samples.byHand),
    ...figureShown(shown.hostedPending, bench, "KiB", heap.ours),
    ...figureShown(`${shown.hostedPending}, by hand`, bench, "KiB", heap.byHand)
  ]
}

/** `begin` and `handle`, and what waits between them. */
export const hostedSignIns: Measurement = { rows: [], shown: [shown.hosted, shown.hostedPending], run }
