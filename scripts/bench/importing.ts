/** What an import of the entry `.` costs beside the modules of Effect that it uses. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { readSource } from "../source.ts"
import { alternate, type Bench, type Measurement, ratioRow } from "./Bench.ts"

/** Modules of Effect that importing a file loads, through any number of the package's own files. */
const effectModules = (entry: string): ReadonlySet<string> => {
  const modules = new Set<string>()
  const files = new Set([entry])
  for (const file of files) {
    for (const { dynamic, specifier, typeOnly } of readSource(file, readFileSync(file, "utf8")).imports) {
      if (dynamic || typeOnly) continue
      if (specifier.startsWith(".")) files.add(join(file, "..", specifier))
      else modules.add(specifier)
    }
  }
  return modules
}

const run = async (bench: Bench) => {
  const modules = effectModules(join(bench.folder, "node_modules/effect-oauth-callback/dist/index.js"))
  const program = [...modules].map((name) => `import "${name}"\n`).join("")
  writeFileSync(join(bench.folder, "effect-modules.mjs"), program)
  const sample = (specifier: string) => async () => {
    const [millis = NaN] = await bench.read<ReadonlyArray<number>>("import-timed.mjs", [specifier])
    return millis
  }
  const ways = { ours: sample("effect-oauth-callback"), base: sample("./effect-modules.mjs") }
  await alternate(ways, 2)
  const { base, ours } = await alternate(ways, bench.rounds(20))
  return ratioRow("importing", bench, ours, base)
}

/** The entry `.` of the package. */
export const importing: Measurement = { rows: ["importing"], run }
