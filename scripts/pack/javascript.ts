/**
 * Makes the JavaScript of all entries that run on their user's Effect: a file for each entry, and a file for each set of
 * modules that the same imports load. So nothing is loaded earlier than it would be module by module, a bundler can leave
 * out what a program does not use (see pureCalls.ts), and people read in stack traces what is in the sources.
 */
import * as esbuild from "esbuild"
import { readFileSync } from "node:fs"
import { posix } from "node:path"
import { type OutputChunk, type Plugin, rollup, type RollupOutput } from "rollup"
import { bundled, entries, type Entry, peersOf } from "./entries.ts"
import { markPureCalls } from "./pureCalls.ts"

/** What is written to dist. */
export interface Built {
  /** Texts by path in dist. */
  readonly files: ReadonlyMap<string, string>
  /** The sources in each JavaScript file, by its path in dist. */
  readonly modules: Readonly<Record<string, ReadonlyArray<string>>>
}

const target = "es2022"

const compiling: Plugin = {
  name: "compiling",
  resolveId: (specifier, importer) =>
    importer === undefined
      ? specifier
      : specifier.startsWith(".")
      ? posix.join(posix.dirname(importer), specifier)
      : { id: specifier, external: true },
  async load(id) {
    const { code } = await esbuild.transform(readFileSync(id, "utf8"), { loader: "ts", target })
    return markPureCalls(code)
  }
}

/** The chunks of what rollup made. */
export const chunksOf = ({ output }: RollupOutput): ReadonlyArray<OutputChunk> =>
  output.filter((each) => each.type === "chunk")

/** The file that imports an entry and has its names: see guard.ts. */
const guarded = (entry: Entry, names: ReadonlyArray<string>): string => {
  const file = `guarded/${entry.name}.js`
  const to = (path: string) => {
    const relative = posix.relative(posix.dirname(file), path)
    return relative.startsWith(".") ? relative : `./${relative}`
  }
  const name = posix.join("effect-oauth-callback", entry.specifier)
  return `// Says which package to install where one that this entry needs is missing.
import { importEntry } from "${to("guarded/guard.js")}"

const entry = await importEntry("${name}", ${JSON.stringify(peersOf(entry))}, () => import("${to(`${entry.name}.js`)}"))

export const { ${names.join(", ")} } = entry
`
}

/** Builds all entries but those that are bundled with an Effect of their own. */
export const javascript = async (): Promise<Built> => {
  const own = entries.filter(({ specifier }) => !bundled.has(specifier))
  const build = await rollup({
    input: {
      ...Object.fromEntries(own.map(({ name, source }) => [name, source])),
      "guarded/guard": "scripts/pack/guard.ts"
    },
    plugins: [compiling],
    treeshake: { moduleSideEffects: false },
    onwarn: ({ message }) => {
      throw new Error(message)
    }
  })
  const chunks = chunksOf(
    await build.generate({ format: "es", chunkFileNames: "chunks/[name].js", hoistTransitiveImports: false })
  )
  const files = new Map(chunks.map(({ code, fileName }) => [fileName, code]))
  for (const entry of own.filter((each) => peersOf(each).length > 0)) {
    const names = chunks.find(({ fileName }) => fileName === `${entry.name}.js`)?.exports ?? []
    files.set(`guarded/${entry.name}.js`, guarded(entry, names))
  }
  return { files, modules: Object.fromEntries(chunks.map(({ fileName, moduleIds }) => [fileName, moduleIds])) }
}
