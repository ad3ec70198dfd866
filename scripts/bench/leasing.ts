/** What a turn among processes costs whoever changes stored credentials, when nobody else wants it. */
import { join } from "node:path"
import { type Bench, figureRow, type Measurement } from "./Bench.ts"

const run = async (bench: Bench) =>
  figureRow(
    "lease",
    bench,
    await bench.read<ReadonlyArray<number>>("leasing.mjs", [join(bench.folder, "lease"), String(bench.rounds(200))])
  )

/** A lease that is free: taken and given back. */
export const leasing: Measurement = { rows: ["lease"], run }
