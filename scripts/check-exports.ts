/** Fails when package.json, deno.json and the files in src disagree about entries, versions or ranges. */
import { readdirSync, readFileSync } from "node:fs"
import { report } from "./commands.ts"
import { missingOptional } from "./lock.ts"

const read = (file: string) => JSON.parse(readFileSync(file, "utf8"))
const npm = read("package.json")
const jsr = read("deno.json")
const lock = read("package-lock.json")
const problems: Array<string> = []

/** `src/promise.ts` is the entry `./promise`, `src/testing/effect.ts` is `./testing/effect`, and `src/index.ts` is `.`. */
const entries = [...readdirSync("src"), "testing/effect.ts"]
  .filter((name) => name.endsWith(".ts"))
  .map((name) => name === "index.ts" ? "." : `./${name.slice(0, -3)}`)
const fileOf = (entry: string) => entry === "." ? "index" : entry.slice(2)

const same = (what: string, actual: unknown, wanted: unknown) => {
  if (JSON.stringify(actual) !== JSON.stringify(wanted)) {
    problems.push(`${what} is ${JSON.stringify(actual)}, and should be ${JSON.stringify(wanted)}`)
  }
}

const listed = new Set([...entries, ...Object.keys(jsr.exports), ...Object.keys(npm.exports)])
listed.delete("./package.json")
for (const entry of listed) {
  const file = fileOf(entry)
  if (!entries.includes(entry)) problems.push(`src/${file}.ts is missing, and ${entry} is exported`)
  same(`package.json exports["${entry}"]`, npm.exports[entry], {
    types: `./dist/${file}.d.ts`,
    default: `./dist/${file}.js`
  })
  same(`deno.json exports["${entry}"]`, jsr.exports[entry], `./src/${file}.ts`)
  const name = npm.name + entry.slice(1)
  same(`deno.json imports["${name}"]`, jsr.imports[name], `./src/${file}.ts`)
}
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

/** Fixed ranges: a plain `npm install effect` brings major 4, which @effect/platform does not take. */
const peers = {
  "@effect/platform": "^0.97.2",
  "@modelcontextprotocol/client": "^2.4.0",
  "@modelcontextprotocol/sdk": ">=1.31 <2",
  "@napi-rs/keyring": "^2.1.2",
  effect: "^3.22.4"
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

/** A package that src imports has the same range in package.json and in deno.json. */
const ranges: Readonly<Record<string, string>> = { ...npm.dependencies, ...npm.peerDependencies }
for (const [name, target] of Object.entries<string>(jsr.imports)) {
  const match = /^npm:\/?(@[^/]+\/[^@/]+|[^@/]+)@([^/]+)(\/?)$/.exec(target)
  if (match === null) continue
  const [, npmName = "", range = ""] = match
  // An npm: specifier cannot contain a space: `>=1.31 <2` is written `^1.31`.
  const wanted = ranges[npmName]?.replace(
    /^>=(\d+)(\.\S+)? <(\d+)$/,
    (all, from, rest = "", to) => Number(to) === Number(from) + 1 ? `^${from}${rest}` : all
  )
  same(`deno.json imports["${name}"] range`, range, wanted)
  if (name.replace(/\/$/, "") !== npmName) problems.push(`deno.json imports["${name}"] names ${npmName}`)
}

report(problems)
