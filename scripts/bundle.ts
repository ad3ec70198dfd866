/**
 * Bundles `./promise` with Effect 4 inside: one entry, and a few files that it loads on
 * first use. The bundle replaces what the compiler wrote to dist for that entry.
 *
 * The sources are written for Effect 3. The modules in scripts/bundle/effect4 give Effect 4 the names of Effect 3; the
 * entry's types name neither. With Effect 3 inside, effect.js would be twice as large and a sign-in would take about a
 * fifth longer from process start to exit (`npm run bench`, row "start").
 */
import * as esbuild from "esbuild"
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, posix } from "node:path"
import { type ManualChunkMeta, type OutputChunk, type Plugin, rollup } from "rollup"

/** A file in dist, by its path there. */
export type Files = ReadonlyMap<string, string>

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
    if (isEffect(id)) {
      const loader = id.endsWith(".ts") ? "ts" : "js"
      // Without Effect's own names and positions: Deno reads the source map of each file that it loads.
      const { code } = await esbuild.transform(readFileSync(id, "utf8"), { loader, minifyIdentifiers: true, target })
      return { code, map: { mappings: "" } }
    }
    if (!id.endsWith(".ts")) return undefined
    const { code, map } = await esbuild.transform(readFileSync(id, "utf8"), {
      loader: "ts",
      target,
      sourcefile: posix.basename(id),
      sourcemap: "external",
      sourcesContent: false
    })
    return { code, map }
  }
}

const minifying: Plugin = {
  name: "minifying",
  async renderChunk(written) {
    const { code, map } = await esbuild.transform(written, {
      // Names are kept, because people read them in stack traces and logs.
      minifySyntax: true,
      minifyWhitespace: true,
      // Node shows the whole line that an uncaught error was thrown from.
      lineLimit: 120,
      format: "esm",
      target,
      sourcemap: "external"
    })
    return { code, map }
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

/** Names a module as a stack trace shows it: our own by its path in the package, others by package and version. */
const sourceName = (path: string): string => {
  const [, name, rest = ""] = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)$/.exec(path) ?? []
  if (name === undefined) return path
  const { name: real, version } = packageOf(name)
  return `${real}@${version}/${rest}`
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

const isChunk = (output: { readonly type: string }): output is OutputChunk => output.type === "chunk"

/** Makes the files of the bundle: the entry, what it loads later, their source maps, and the licences. */
export const bundle = async (): Promise<Files> => {
  const build = await rollup({
    input: "src/promise.ts",
    plugins: [resolving, loading],
    treeshake: { moduleSideEffects: false, propertyReadSideEffects: false, tryCatchDeoptimization: false },
    onwarn: ({ message }) => {
      throw new Error(message)
    }
  })
  const { output } = await build.generate({
    dir: "dist",
    format: "es",
    entryFileNames: "promise.js",
    chunkFileNames: "promise/[name].js",
    manualChunks: chunking(),
    plugins: [minifying],
    sourcemap: true,
    sourcemapExcludeSources: true,
    sourcemapPathTransform: sourceName
  })
  const chunks = output.filter(isChunk)
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds)
  const names = modules.flatMap((id) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1] ?? [])
  return new Map([
    ...chunks.flatMap(({ code, fileName, map }) => [
      [fileName, code] as const,
      [`${fileName}.map`, map?.toString() ?? ""] as const
    ]),
    ["promise/LICENSES.txt", licences(names)]
  ])
}

/** The declaration files that the entry's declarations refer to, directly or not. */
const declarations = (entry: string): ReadonlySet<string> => {
  const found = new Set([entry])
  for (const file of found) {
    for (const [, specifier = ""] of readFileSync(`dist/${file}`, "utf8").matchAll(/ from "(\.[^"]+)\.ts"/g)) {
      found.add(posix.join(posix.dirname(file), `${specifier}.d.ts`))
    }
  }
  return found
}

/** Writes the bundle over what the compiler wrote to dist. */
export const writeBundle = async (): Promise<void> => {
  const files = await bundle()
  const kept = declarations("promise.d.ts")
  for (const name of readdirSync("dist/promise")) {
    if (!kept.has(`promise/${name}`)) rmSync(`dist/promise/${name}`)
  }
  for (const [file, text] of files) writeFileSync(`dist/${file}`, text)
}
