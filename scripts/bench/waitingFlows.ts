/** What waiting flows cost: their heap, and the time from an answer to the end of one of them. */
import { alternate, type Bench, figureRow, figureShown, type Measurement, ratioRow } from "./Bench.ts"
import { median } from "./statistics.ts"

type Values = ReadonlyArray<number>

const runHeap = async (bench: Bench) => {
  const rounds = bench.rounds(2)
  const heap = (way: string) => bench.read<Values>("heap.mjs", [JSON.stringify({ rounds, way })], { gc: true })
  const raw = await heap("raw")
  const ours = await heap("ours")
  const paste = await heap("oursWithPaste")
  const promise = await heap("promise")
  return [
    ...figureRow("heap", bench, ours, raw),
    ...figureRow("heapPromise", bench, promise, raw),
    ...figureShown("heap of a waiting flow that reads stdin too", bench, "KiB", paste)
  ]
}

/** A thousand flows in `authorize`. */
export const heap: Measurement = { rows: ["heap", "heapPromise"], run: runHeap }

const runCallback = async (bench: Bench) => {
  const sample = (waiting: number) => async () =>
    median(await bench.read<Values>("callback-among.mjs", [JSON.stringify({ samples: 100, waiting })]))
  const { few, many } = await alternate({ few: sample(10), many: sample(1000) }, bench.rounds(5))
  return ratioRow("callback", bench, many, few)
}

/** A callback among few and among many. */
export const callback: Measurement = { rows: ["callback"], run: runCallback }

const runPaste = async (bench: Bench) => {
  const stream: Record<"few" | "many", Array<number>> = { few: [], many: [] }
  const sample = (waiting: number, name: "few" | "many") => async () => {
    const times = await bench.read<Readonly<Record<"submit" | "stream", Values>>>(
      "paste-among.mjs",
      [JSON.stringify({ samples: 100, waiting })]
    )
    stream[name].push(median(times.stream))
    return median(times.submit)
  }
  const { few, many } = await alternate({ few: sample(1, "few"), many: sample(1000, "many") }, bench.rounds(5))
  return [
    ...ratioRow("pasteSubmit", bench, many, few),
    ...ratioRow("pasteStream", bench, stream.many, stream.few)
  ]
}

/** A pasted line among many, and alone. */
export const paste: Measurement = { rows: ["pasteSubmit", "pasteStream"], run: runPaste }
