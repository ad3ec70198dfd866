/**
 * Bundles `./promise` with Effect 4 inside: one entry, and a few files that it loads on first use.
 *
 * The sources are written for Effect 3. The modules in scripts/bundle/effect4 give Effect 4 the names of Effect 3; the
 * entry's types name neither. With Effect 3 inside, effect.js would be twice as large and a sign-in would take about a
 * fifth longer from process start to exit (`npm run bench`, row "start").
 */
import * as esbuild from "esbuild"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { type ManualChunkMeta, type Plugin, rollup } from "rollup"
import { type Built, chunksOf } from "./pack/javascript.ts"

const shims = "scripts/bundle/effect4"
const external = /^(node:\w|open$|@napi-rs\/keyring$|@modelcontextprotocol\/(sdk\/client\/streamableHttp\.js|client)$)/
const target = "es2022"

const resolving: Plugin = {
  name: "resolving",
  resolveId(specifier, importer) {
    if (importer === undefined) return specifier
    if (external.test(specifier)) return { id: specifier, external: true }
    if (specifier.startsWith(".")) return join(dirname(importer), specifier)
    const [, name] = /^effect4?\/([\w/]+)$/.exec(specifier) ?? []
    if (name === undefined) return undefined
    const shim = `${shims}/${name}.ts`
    return specifier.startsWith("effect/") && existsSync(shim) ? shim : `node_modules/effect4/dist/${name}.js`
  }
}

/** Whether a module is Effect's, or one that gives it the names of Effect 3. */
const isEffect = (id: string) => id.startsWith(`${shims}/`) || id.startsWith("node_modules/effect4/")

const loading: Plugin = {
  name: "loading",
  async load(id) {
    const ts = id.endsWith(".ts")
    if (!ts && !isEffect(id)) return undefined
    // Effect's own names are shortened. Ours are kept, because people read them in stack traces and logs.
    const options = { loader: ts ? "ts" : "js", minifyIdentifiers: isEffect(id), target } as const
    return (await esbuild.transform(readFileSync(id, "utf8"), options)).code
  }
}

const minifying: Plugin = {
  name: "minifying",
  async renderChunk(written) {
    // Node shows the whole line that an uncaught error was thrown from: hence the limit.
    const options = { minifySyntax: true, minifyWhitespace: true, lineLimit: 120, format: "esm", target } as const
    return (await esbuild.transform(written, options)).code
  }
}

/** Puts what is loaded together into one file: on a cold start each file costs as much as forty kilobytes. */
const chunking = () => {
  const reached = new Map<string, ReadonlySet<string>>()
  const reach = (names: ReadonlyArray<string>, { getModuleInfo }: ManualChunkMeta): ReadonlySet<string> => {
    const known = reached.get(names.join())
    if (known !== undefined) return known
    const ids = new Set(names)
    for (const id of ids) for (const imported of getModuleInfo(id)?.importedIds ?? []) ids.add(imported)
    reached.set(names.join(), ids)
    return ids
  }
  return (id: string, meta: ManualChunkMeta): string | undefined => {
    if (!reach(["src/promise/openCallback.ts"], meta).has(id)) return isEffect(id) ? "effect" : undefined
    const signedIn = reach(["src/promise/createMcpOAuth.ts", "src/runtime/FileCredentialStore.ts"], meta)
    return signedIn.has(id) ? "effect" : "openCallback"
  }
}

const packageOf = (name: string): { readonly name: string; readonly version: string; readonly license: string } =>
  JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"))

/** The licence texts of the packages in the bundle. */
const licences = (names: Iterable<string>): string =>
  Array.from(new Set(names)).sort().map((name) => {
    const { license, name: real, version } = packageOf(name)
    const file = readdirSync(`node_modules/${name}`).find((each) => /^licen[cs]e/i.test(each))
    if (file === undefined) throw new Error(`${name} comes without a licence text: it cannot be bundled`)
    return `${real} ${version} (${license})\n\n${readFileSync(`node_modules/${name}/${file}`, "utf8").trim()}\n`
  }).join(`\n${"-".repeat(80)}\n\n`)

/** Makes the files of the bundle: the entry, what it loads later, and the licences. */
export const bundle = async (): Promise<Built> => {
  const build = await rollup({
    input: "src/promise.ts",
    plugins: [resolving, loading],
    treeshake: { moduleSideEffects: false, propertyReadSideEffects: false, tryCatchDeoptimization: false },
    onwarn: ({ message }) => {
      throw new Error(message)
    }
  })
  const chunks = chunksOf(
    await build.generate({
      dir: "dist",
      format: "es",
      entryFileNames: "promise.js",
      chunkFileNames: "promise/[name].js",
      manualChunks: chunking(),
      plugins: [minifying]
    })
  )
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds)
  const names = modules.flatMap((id) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1] ?? [])
  return {
    files: new Map([
      ...chunks.map(({ code, fileName }) => [fileName, code] as const),
      ["promise/LICENSES.txt", licences(names)]
    ]),
    modules: Object.fromEntries(chunks.map(({ fileName, moduleIds }) => [fileName, moduleIds]))
  }
}
