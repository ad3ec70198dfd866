/** The package's entries. `deno.json` lists them; what `package.json` must say of them, and the build, follow from it. */
import { readFileSync } from "node:fs"
import { posix } from "node:path"
import type { PeerName } from "../../src/core/PeerMissing.ts"
import { readSource } from "../source.ts"

/** An entry of the package. */
export interface Entry {
  /** As in `exports`: `.`, or `./testing/effect`. */
  readonly specifier: string
  /** Its source: `src/testing/effect.ts`. */
  readonly source: string
  /** Its files in dist, without what follows their first dot: `testing/effect`. */
  readonly name: string
}

/** Reads the entries from the text of deno.json. */
export const readEntries = (denoJson: string): ReadonlyArray<Entry> =>
  Object.entries<string>(JSON.parse(denoJson).exports).map(([specifier, path]) => ({
    specifier,
    source: posix.normalize(path),
    name: posix.normalize(path).replace(/^src\//, "").replace(/\.ts$/, "")
  }))

/** The entries of this package. */
export const entries: ReadonlyArray<Entry> = readEntries(readFileSync("deno.json", "utf8"))

/** Entries that bring their own Effect: they are bundled with it. */
export const bundled: ReadonlySet<string> = new Set(["./promise"])

const peers: ReadonlyArray<PeerName> = ["effect", "@effect/platform"]

/** The packages that importing an entry loads, and that its user has to install. */
export const peersOf = ({ source, specifier }: Entry): ReadonlyArray<PeerName> => {
  if (bundled.has(specifier)) return []
  const packages = new Set<string>()
  const files = new Set([source])
  for (const file of files) {
    for (const { dynamic, specifier, typeOnly } of readSource(file, readFileSync(file, "utf8")).imports) {
      if (dynamic || typeOnly) continue
      if (specifier.startsWith(".")) files.add(posix.join(posix.dirname(file), specifier))
      else packages.add(/^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier)
    }
  }
  return peers.filter((name) => packages.has(name))
}

/**
 * What `package.json` exports for an entry. Where it needs packages of its user's, the runtimes import it by a file that
 * says what to install (`dist/guarded`). Bundlers (`module`) and `require` get the entry itself: the other file has a
 * top-level `await`, which `require` and bundles in CommonJS cannot have, and names that no bundler could leave out.
 */
export const exportsOf = (entry: Entry): Readonly<Record<string, string>> => {
  const types = `./dist/${entry.name}.d.ts`
  const plain = `./dist/${entry.name}.js`
  if (peersOf(entry).length === 0) return { types, default: plain }
  return { types, module: plain, require: plain, node: `./dist/guarded/${entry.name}.js`, default: plain }
}
