/**
 * Rolls up the declarations that the compiler wrote: a file for each entry, with what its types need, and one for what
 * several need. What no public type leads to is left out.
 */
import { join } from "node:path"
import { rollup } from "rollup"
import { dts } from "rollup-plugin-dts"
import { entries } from "./entries.ts"
import { type Built, chunksOf } from "./javascript.ts"

/**
 * Rolls them up.
 *
 * @param folder - Where the compiler wrote the declarations of `src`.
 */
export const declarations = async (folder: string): Promise<Built["files"]> => {
  const build = await rollup({
    input: Object.fromEntries(entries.map(({ name }) => [name, join(folder, `${name}.d.ts`)])),
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
  return new Map(chunksOf(output).map(({ code, fileName }) => [fileName, code]))
}
