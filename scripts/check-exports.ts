/** Fails when package.json, deno.json and the files in src disagree about entries, versions or ranges. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { report } from "./commands.ts"
import { missingOptional } from "./lock.ts"
import { entries, exportsOf } from "./pack/entries.ts"

const read = (file: string) => JSON.parse(readFileSync(file, "utf8"))
const npm = read("package.json")
const jsr = read("deno.json")
const lock = read("package-lock.json")
const problems: Array<string> = []

/** A file at the top of `src` is an entry; those in folders are entries where deno.json says so. */
const atTop = readdirSync("src").filter((name) => name.endsWith(".ts")).map((name) => `src/${name}`)

const same = (what: string, actual: unknown, wanted: unknown) => {
  if (JSON.stringify(actual) !== JSON.stringify(wanted)) {
    problems.push(`${what} is ${JSON.stringify(actual)}, and should be ${JSON.stringify(wanted)}`)
  }
}

for (const file of atTop) {
  if (!entries.some(({ source }) => source === file)) problems.push(`deno.json exports no entry for ${file}`)
}
for (const entry of entries) {
  const { source, specifier } = entry
  same(`deno.json exports["${specifier}"]`, jsr.exports[specifier], `./${source}`)
  same(`src of deno.json exports["${specifier}"]`, source, `src/${specifier === "." ? "index" : specifier.slice(2)}.ts`)
  const name = npm.name + specifier.slice(1)
  same(`deno.json imports["${name}"]`, jsr.imports[name], `./${source}`)
  if (!existsSync(source)) problems.push(`${source} is missing, and ${specifier} is exported`)
  else same(`package.json exports["${specifier}"]`, npm.exports[specifier], exportsOf(entry))
}
same(
  "the entries of package.json, in the order of deno.json",
  Object.keys(npm.exports).filter((specifier) => specifier !== "./package.json"),
  entries.map(({ specifier }) => specifier)
)
same(`package.json exports["./package.json"]`, npm.exports["./package.json"], "./package.json")

same("deno.json version", jsr.version, npm.version)
same("package-lock.json version", lock.version, npm.version)
same("deno.json license", jsr.license, npm.license)
same("package-lock.json peerDependencies", lock.packages[""].peerDependencies, npm.peerDependencies)
same("package-lock.json devDependencies", lock.packages[""].devDependencies, npm.devDependencies)

const left = missingOptional(lock).map(({ name }) => name)
if (left.length > 0) {
  problems.push(
    `package-lock.json lacks ${left[0]} and ${
      left.length - 1
    } more packages for other systems, so npm ci refuses it. ` +
      "Run: node scripts/run.mjs complete-lock"
  )
}

/**
 * As wide as what is tested: `npm run peers` runs the tests on both ends. Effect 4 is admitted for `./promise` and
 * `./testing`, which need no Effect: else npm would refuse to install them beside it.
 */
const peers = {
  "@effect/platform": ">=0.92 <1",
  "@modelcontextprotocol/client": "^2.0.0",
  "@modelcontextprotocol/sdk": ">=1.31 <2",
  "@napi-rs/keyring": "^2.0.0",
  effect: ">=3.18 <5"
}
same("package.json peerDependencies", npm.peerDependencies, peers)
for (const name of Object.keys(peers)) {
  same(`package.json peerDependenciesMeta["${name}"]`, npm.peerDependenciesMeta?.[name], { optional: true })
}
const pinned = { "@effect/vitest": "0.30.", vitest: "3.2.", "@effect/platform-node": "0.108.", effect: "3.22." }
for (const [name, start] of Object.entries(pinned)) {
  const version = npm.devDependencies[name]
  if (version !== undefined && !String(version).replace("^", "").startsWith(start)) {
    problems.push(`package.json devDependencies["${name}"] is ${version}, and should be ${start}x`)
  }
}

/**
 * What deno.json has for a range of package.json: an npm: specifier cannot contain a space. The sources run on Effect 3
 * alone, so there the range ends before 4.
 */
const specifiers: Readonly<Record<string, string>> = { ">=0.92 <1": "0", ">=1.31 <2": "^1.31", ">=3.18 <5": "^3.18" }

const ranges: Readonly<Record<string, string>> = { ...npm.dependencies, ...npm.peerDependencies }
for (const [name, target] of Object.entries<string>(jsr.imports)) {
  const match = /^npm:\/?(@[^/]+\/[^@/]+|[^@/]+)@([^/]+)(\/?)$/.exec(target)
  if (match === null) continue
  const [, npmName = "", range = ""] = match
  const wanted = ranges[npmName] ?? ""
  same(`deno.json imports["${name}"] range`, range, specifiers[wanted] ?? wanted)
  if (name.replace(/\/$/, "") !== npmName) problems.push(`deno.json imports["${name}"] names ${npmName}`)
}

report(problems)
