/** Which way imports may point, what each place may import, and what an entry must not load. */
import { dirname, join } from "node:path/posix"
import type { Import, Source } from "../source.ts"
import type { Problem } from "./Problem.ts"

/** The files of src by their path, such as `src/flow/authorize.ts`. */
export type Sources = ReadonlyMap<string, Source>

/** A folder of src, or the entries, which are the files of src itself. */
export interface Place {
  /** A file imports its own place and those of a lower rank. */
  readonly rank: number
  /** The places that may import it, where not all above it may. */
  readonly only?: ReadonlyArray<string>
  /** What it may import from outside src. */
  readonly packages: RegExp
  /** What it may import from outside src as a type only. */
  readonly types?: RegExp
  /** Globals it must not name. */
  readonly without?: ReadonlyArray<string>
}

/** Places by name; `entry` is the name of src itself. */
export type Places = Readonly<Record<string, Place>>

/** Entries that are in a folder, because their name has a slash. */
const deepEntries = ["src/testing/effect.ts"]

/**
 * The place that a file belongs to: `flow` for `src/flow/authorize.ts`, `entry` for `src/index.ts`. The folders of core
 * and of testing are places as well: `core/oauth`.
 */
export const placeOf = (file: string): string => {
  const [, place = "", folder, name] = file.split("/")
  if (dirname(file) === "src" || deepEntries.includes(file)) return "entry"
  return (place === "core" || place === "testing") && name !== undefined ? `${place}/${folder}` : place
}

const isRelative = ({ specifier }: Import): boolean => specifier.startsWith(".")
const resolve = (file: string, { specifier }: Import): string => join(dirname(file), specifier)

/** The files that a file imports, in whatever form. */
export const targets = (file: string, source: Source): ReadonlyArray<string> =>
  source.imports.filter(isRelative).map((each) => resolve(file, each))

const checkRelative = (file: string, each: Import, sources: Sources, places: Places): string | undefined => {
  const target = resolve(file, each)
  if (!target.startsWith("src/")) return `src must not import ${target}`
  if (!sources.has(target)) return `there is no ${target}`
  const [from, to] = [places[placeOf(file)], places[placeOf(target)]]
  if (from === undefined || to === undefined || to === from) return
  if (to.only?.includes(placeOf(file)) === false) return `${placeOf(file)} must not import ${target}: it is for tests`
  if (to.rank < from.rank) return
  return `${placeOf(file)} must not import ${target}: it is not below`
}

const checkPackage = (
  file: string,
  { specifier, typeOnly }: Import,
  { packages, types }: Place
): string | undefined => {
  if (/^(effect|@effect\/platform)$/.test(specifier)) {
    return `import a module, ${specifier}/Module, not all of ${specifier}`
  }
  if (packages.test(specifier) || (typeOnly && types?.test(specifier) === true)) return
  return `${placeOf(file)} must not import ${specifier}`
}

/** What to do instead, where a place must not use a global. */
const instead = (place: string): string =>
  place.startsWith("core")
    ? "What it gives comes in as data: as an argument"
    : "Use Effect (Clock, Random, a service), or have src/runtime provide it"

/** Imports point to a place below, packages and globals are those that the place may use. */
export const checkImports = (sources: Sources, places: Places): ReadonlyArray<Problem> =>
  [...sources].flatMap(([file, source]): ReadonlyArray<Problem> => {
    const name = placeOf(file)
    const place = places[name]
    if (place === undefined) {
      return [{ file, use: "place", text: "no such place. Add the folder to scripts/check-imports.ts" }]
    }
    const imports = source.imports.flatMap((each) => {
      const text = isRelative(each) ? checkRelative(file, each, sources, places) : checkPackage(file, each, place)
      return text === undefined ? [] : [{ file, line: each.line, use: each.specifier, text }]
    })
    const names = source.names.filter((each) => place.without?.includes(each.name))
    return [
      ...imports,
      ...names.map((each) => ({
        file,
        line: each.line,
        use: each.name,
        text: `${name} must not use ${each.name}. ${instead(name)}`
      }))
    ]
  })

/** Each file or package that importing `entry` loads, with the way to it. */
const reach = (sources: Sources, entry: string): ReadonlyMap<string, string> => {
  const ways = new Map([[entry, entry]])
  for (const [file, way] of ways) {
    for (const each of sources.get(file)?.imports ?? []) {
      if (each.dynamic || each.typeOnly) continue
      const target = isRelative(each) ? resolve(file, each) : each.specifier
      if (!ways.has(target)) ways.set(target, `${way} -> ${target}`)
    }
  }
  return ways
}

/**
 * An entry loads nothing that its users may not have, or pay for without using it.
 *
 * @param unreachable - For an entry, what must not be loaded: paths in src and names of packages.
 */
export const checkReach = (
  sources: Sources,
  unreachable: Readonly<Record<string, RegExp>>
): ReadonlyArray<Problem> =>
  Object.entries(unreachable).flatMap(([entry, forbidden]) =>
    [...reach(sources, entry)]
      .filter(([target]) => forbidden.test(target))
      .map(([target, way]) => ({ file: entry, use: target, text: `must not load ${target}: ${way}` }))
  )

const longest = 320
const emptyName = /^(utils?|helpers?|commons?|types)\.ts$/i

/** A file can be read in one sitting, and its name tells what it holds. */
export const checkFiles = (sources: Sources): ReadonlyArray<Problem> =>
  [...sources].flatMap(([file, { lines }]) => [
    ...lines > longest ? [{ file, use: "length", text: `${lines} lines, more than ${longest}. Split it` }] : [],
    ...emptyName.test(file.slice(file.lastIndexOf("/") + 1))
      ? [{
        file,
        use: "name",
        text: "name it for what it holds, as ScopeSet.ts, or for the one function it exports, as firstOf.ts"
      }]
      : []
  ])
