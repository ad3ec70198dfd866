/**
 * Fails when an import in src points the wrong way, reaches what its place must not reach, or a file is too long or
 * named for nothing.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path/posix"
import { report } from "./commands.ts"
import type { Import } from "./source.ts"
import { readSource } from "./source.ts"

interface Place {
  /** A file imports its own place and those of a lower rank. */
  readonly rank: number
  /** What it may import from outside src. */
  readonly packages: RegExp
  /** What it may import from outside src as a type only. */
  readonly types?: RegExp
  /** Globals it must not name. */
  readonly without?: ReadonlyArray<string>
}

const runtimeNames = ["Deno", "Bun", "process", "Buffer", "require", "__dirname", "global"]
const effectNames = [
  "Date",
  "performance",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "fetch",
  "console",
  "crypto"
]
const effect = /^effect\/\w+$/

/** Low to high. Places of one rank do not import each other. */
const places: Readonly<Record<string, Place>> = {
  core: {
    rank: 0,
    packages: /^effect\/(Either|Option|Redacted|Data|Duration|Equal|Predicate)$/,
    types: /^effect\/(Cause|Types)$/,
    without: [...runtimeNames, ...effectNames]
  },
  effect: { rank: 0.5, packages: effect, without: [...runtimeNames, ...effectNames] },
  services: { rank: 1, packages: effect, without: runtimeNames },
  paste: { rank: 2, packages: effect, without: runtimeNames },
  flow: { rank: 3, packages: effect, without: runtimeNames },
  runtime: { rank: 4, packages: /^(effect\/\w+|node:[\w/]+|open)$/ },
  mcp: { rank: 4, packages: /^(effect\/\w+|@modelcontextprotocol\/sdk\/[\w/]+\.js)$/, without: runtimeNames },
  platform: { rank: 4, packages: /^(effect\/\w+|@effect\/platform\/\w+)$/, without: runtimeNames },
  promise: { rank: 5, packages: effect },
  entry: { rank: 6, packages: effect }
}

/** What an entry must not load by being imported: statically, and through any number of files. */
const unreachable: Readonly<Record<string, RegExp>> = {
  "src/mcp.ts": /^(src\/(flow|runtime|platform|promise)\/|node:|@modelcontextprotocol\/|@effect\/platform|open$)/,
  "src/index.ts": /^(src\/(mcp|runtime|platform|promise)\/|node:|@modelcontextprotocol\/|@effect\/platform|open$)/,
  "src/node.ts": /^(src\/flow\/|node:|@modelcontextprotocol\/|@effect\/platform|open$)/,
  "src/deno.ts": /^(src\/flow\/|node:|@modelcontextprotocol\/|@effect\/platform|open$)/,
  "src/bun.ts": /^(src\/flow\/|node:|@modelcontextprotocol\/|@effect\/platform|open$)/,
  "src/platform.ts": /^(src\/(runtime|promise)\/|node:|@modelcontextprotocol\/|open$)/,
  "src/promise.ts": /^(src\/(mcp|runtime|platform)\/|node:|@modelcontextprotocol\/|@effect\/platform|open$)/
}

const longest = 320
const namedForNothing = /^(utils?|helpers?|commons?|types)\.ts$/i

const placeOf = (file: string): string => dirname(file) === "src" ? "entry" : file.split("/")[1] ?? ""
const resolve = (file: string, specifier: string): string => join(dirname(file), specifier)

const files = readdirSync("src", { recursive: true, encoding: "utf8" })
  .map((name) => `src/${name.replaceAll("\\", "/")}`)
  .filter((name) => name.endsWith(".ts"))
const sources = new Map(files.map((file) => [file, readSource(file, readFileSync(file, "utf8"))]))
const problems: Array<string> = []

const checkRelative = (file: string, from: Place, each: Import) => {
  const { line, specifier } = each
  const target = resolve(file, specifier)
  const say = (text: string) => problems.push(`${file}:${line}: ${text}`)
  if (!target.startsWith("src/")) return say(`src must not import ${target}`)
  if (!existsSync(target)) return say(`there is no ${target}`)
  const to = places[placeOf(target)]
  if (to === undefined) return
  const sibling = to.rank === from.rank && to !== from
  if (to.rank > from.rank || sibling) say(`${placeOf(file)} must not import ${target}: it is not below`)
}

const checkPackage = (file: string, from: Place, { line, specifier, typeOnly }: Import) => {
  const say = (text: string) => problems.push(`${file}:${line}: ${text}`)
  if (/^(effect|@effect\/platform)$/.test(specifier)) {
    say(`import a module, ${specifier}/Module, not all of ${specifier}`)
  } else if (!from.packages.test(specifier) && !(typeOnly && from.types?.test(specifier))) {
    say(`${placeOf(file)} must not import ${specifier}`)
  }
}

for (const [file, source] of sources) {
  const place = places[placeOf(file)]
  if (place === undefined) {
    problems.push(`${file}: no such place. Add the folder to scripts/check-imports.ts`)
    continue
  }
  if (source.lines > longest) problems.push(`${file}: ${source.lines} lines, more than ${longest}. Split it`)
  if (namedForNothing.test(file.slice(file.lastIndexOf("/") + 1))) problems.push(`${file}: name it for what it holds`)
  for (const each of source.imports) {
    if (each.specifier.startsWith(".")) checkRelative(file, place, each)
    else checkPackage(file, place, each)
  }
  for (const { line, name } of source.names) {
    if (place.without?.includes(name)) problems.push(`${file}:${line}: ${placeOf(file)} must not use ${name}`)
  }
}

/** Each file or package that importing `entry` loads, with the way to it. */
const reach = (entry: string): ReadonlyMap<string, string> => {
  const ways = new Map([[entry, entry]])
  for (const [file, way] of ways) {
    for (const { dynamic, specifier, typeOnly } of sources.get(file)?.imports ?? []) {
      if (dynamic || typeOnly) continue
      const target = specifier.startsWith(".") ? resolve(file, specifier) : specifier
      if (!ways.has(target)) ways.set(target, `${way} -> ${target}`)
    }
  }
  return ways
}

for (const [entry, forbidden] of Object.entries(unreachable)) {
  for (const [target, way] of reach(entry)) {
    if (forbidden.test(target)) problems.push(`${entry} must not load ${target}: ${way}`)
  }
}

report(problems)
