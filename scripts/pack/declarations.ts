/**
 * Rolls up the declarations that the compiler wrote: a file for each entry, with what its types need, and one for what
 * several need. What no public type leads to is left out.
 */
import { join } from "node:path"
import { rollup } from "rollup"
import { dts } from "rollup-plugin-dts"
import { entries, type Entry, peersOf } from "./entries.ts"
import { type Built, chunksOf } from "./javascript.ts"

const rollUp = async (folder: string, together: ReadonlyArray<Entry>) => {
  const build = await rollup({
    input: Object.fromEntries(together.map(({ name }) => [name, join(folder, `${name}.d.ts`)])),
    external: (specifier) => /^[@\w]/.test(specifier),
    plugins: [dts()],
    onwarn: ({ message }) => {
      // Many of our types are known by what returns them, and are not exported: users need not name them.
      if (!message.includes("private shared type exports")) throw new Error(message)
    }
  })
  const output = await build.generate({
    format: "es",
    entryFileNames: "[name].d.ts",
    // The plugin's names end in `.d`.
    chunkFileNames: "types/[name].ts"
  })
  return chunksOf(output).map(({ code, fileName }) => [fileName, code] as const)
}

/**
 * Rolls them up. Entries that need no Effect are each rolled up alone: the plugin takes what another entry exports from
 * there, and that one's types may lead to Effect.
 *
 * @param folder - Where the compiler wrote the declarations of `src`.
 */
export const declarations = async (folder: string): Promise<Built["files"]> => {
  const onEffect = entries.filter((entry) => peersOf(entry).length > 0)
  const others = entries.filter((entry) => peersOf(entry).length === 0)
  const groups = await Promise.all([onEffect, ...others.map((entry) => [entry])].map((each) => rollUp(folder, each)))
  return new Map(groups.flat())
}
