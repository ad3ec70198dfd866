/**
 * Fails when a file of src imports from a higher place or in a circle, or uses packages, globals or parts of Effect that
 * are not for its place; when an entry loads too much; and when a test is in another folder than its module.
 * The rules are in scripts/rules; this file holds the places and the exceptions.
 */
import { readdirSync, readFileSync } from "node:fs"
import { report } from "./commands.ts"
import { checkCircles } from "./rules/circles.ts"
import { checkEffectApi } from "./rules/effectApi.ts"
import { checkFiles, checkImports, checkReach, type Places } from "./rules/imports.ts"
import { applyExceptions, type Exception, format, type Problem } from "./rules/Problem.ts"
import { checkTestFolders, withoutTest } from "./rules/testFolders.ts"
import { readSource } from "./source.ts"

/**
 * Files that may break the rules until they are rewritten: their problems are only counted. A circle belongs to the file
 * that comes first in the alphabet. While this list is empty, an exception that nothing needs is a problem as well.
 */
const pending: ReadonlyArray<string> = []

const completions = ["Deferred.unsafeDone", "Deferred.unsafeMake", "Queue.unsafeOffer"]

/** What is allowed in one place though a rule forbids it, and why. */
const exceptions: ReadonlyArray<Exception> = [
  ...["Inbox", "LastPage", "Refusals"].map((name) => ({
    in: `src/flow/${name}.ts`,
    uses: completions,
    reason: "a plain callback of the listener completes them, without a fiber"
  })),
  {
    in: "src/metrics/LabelledCounter.ts",
    uses: [".unsafeUpdate"],
    reason: "a plain callback of the listener counts a refusal, without a fiber"
  },
  { in: "src/paste/", uses: completions, reason: "a plain callback of the stream that is read completes them" },
  {
    in: "src/mcp/SignInTurn.ts",
    uses: ["Queue.unsafeOffer"],
    reason: "a plain callback of the store tells it, without a fiber"
  },
  {
    in: "src/mcp/PromiseRunner.ts",
    uses: ["Runtime.runPromiseExit"],
    reason: "the SDK calls `fetch` as a plain function"
  },
  {
    in: "src/platform/HttpClientFetch.ts",
    uses: ["Runtime.runPromiseExit"],
    reason: "a `fetch` is called as a plain function"
  },
  {
    in: "src/mcp/SessionCell.ts",
    uses: [".unsafeCurrentTimeMillis"],
    reason: "`fetch` with a valid token runs no effect"
  },
  {
    in: "src/server/serveFlow.ts",
    uses: [".unsafeCurrentTimeMillis"],
    reason: "a plain callback of the listener asks whether a page is to be forgotten"
  },
  {
    in: "src/effect/firstOf.ts",
    uses: ["Effect.raceAll"],
    reason: "the one race that ends at whichever step it is interrupted"
  },
  {
    in: "src/hosted/BrowserCookie.ts",
    uses: [".__Host-"],
    reason: "the prefix of a cookie's name (RFC 6265bis), and no member"
  },
  {
    in: "test/promise/promise.",
    uses: ["test"],
    reason: "of the entry src/promise.ts, whose modules are in this folder"
  },
  {
    in: "test/schema/schema.",
    uses: ["test"],
    reason: "of the entry src/schema.ts, whose modules are in this folder"
  },
  {
    in: "test/flow/HostileWeb.",
    uses: ["test"],
    reason: "what hostile pages can do to a flow: of all modules of the folder"
  },
  { in: "test/mcp/connectAll.", uses: ["test"], reason: "of connectAll in src/mcp/connect.ts" },
  {
    in: "test/runtime/terminal/Terminal.",
    uses: ["test"],
    reason: "a real terminal: of all modules of the folder that use one"
  },
  {
    in: "test/runtime/signedIn.",
    uses: ["test"],
    reason: "what a signed-in program loads: of all modules of the folder"
  }
]

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

const core = (rank: number): Places[string] => ({
  rank,
  packages: /^effect\/(Either|Option|Redacted|Data|Duration|Encoding|Equal|Predicate)$/,
  types: /^effect\/(Cause|Types)$/,
  without: [...runtimeNames, ...effectNames]
})

/** From low to high rank. Two places of the same rank do not import each other. */
const places: Places = {
  core: core(0),
  // What decides who may end a flow, `core/oauth`, depends on no text for the terminal.
  "core/text": core(0.01),
  "core/oauth": core(0.02),
  "core/keychain": core(0.02),
  "core/paste": core(0.03),
  "core/page": core(0.04),
  "core/mcp": core(0.05),
  "core/terminal": core(0.06),
  "core/lease": core(0.07),
  "core/relay": core(0.07),
  "core/hosted": core(0.08),
  effect: { rank: 0.5, packages: effect, without: [...runtimeNames, ...effectNames] },
  services: { rank: 1, packages: effect, without: runtimeNames },
  metrics: { rank: 1, packages: effect, without: [...runtimeNames, ...effectNames] },
  store: { rank: 2, packages: effect, without: runtimeNames },
  paste: { rank: 2, packages: effect, without: runtimeNames },
  server: { rank: 2, packages: effect, without: runtimeNames },
  flow: { rank: 3, packages: effect, without: runtimeNames },
  runtime: { rank: 4, packages: /^(effect\/\w+|node:[\w/]+|open|@napi-rs\/keyring)$/ },
  mcp: { rank: 4, packages: /^(effect\/\w+|@modelcontextprotocol\/(sdk\/[\w/]+\.js|client))$/, without: runtimeNames },
  platform: { rank: 4.2, packages: /^(effect\/\w+|@effect\/platform\/\w+)$/, without: runtimeNames },
  redis: { rank: 4, packages: effect, without: runtimeNames },
  hosted: { rank: 4.5, packages: effect, without: runtimeNames },
  schema: { rank: 5, packages: effect, without: [...runtimeNames, ...effectNames] },
  promise: { rank: 5, packages: effect },
  // For users' own tests: without Effect, and nothing of the package's own may use it.
  testing: { rank: -1, only: ["testing/effect", "entry"], packages: /^node:[\w/]+$/ },
  "testing/effect": { rank: 5.5, only: ["entry"], packages: effect, without: runtimeNames },
  entry: { rank: 6, packages: effect }
}

/** What an import of the entry must not load, itself or through other files. Dynamic imports do not count. */
const unreachable: Readonly<Record<string, RegExp>> = {
  "src/mcp.ts":
    /^(src\/(flow|runtime|platform|redis|promise)\/|node:|@modelcontextprotocol\/|@effect\/platform|@napi-rs\/|open$)/,
  "src/index.ts":
    /^(src\/(mcp|runtime|platform|redis|promise)\/|node:|@modelcontextprotocol\/|@effect\/platform|@napi-rs\/|open$)/,
  "src/node.ts": /^(src\/flow\/|node:|@modelcontextprotocol\/|@effect\/platform|@napi-rs\/|open$)/,
  "src/deno.ts": /^(src\/flow\/|node:|@modelcontextprotocol\/|@effect\/platform|@napi-rs\/|open$)/,
  "src/bun.ts": /^(src\/flow\/|node:|@modelcontextprotocol\/|@effect\/platform|@napi-rs\/|open$)/,
  "src/platform.ts": /^(src\/(runtime|redis|promise)\/|node:|@modelcontextprotocol\/|@napi-rs\/|open$)/,
  "src/redis.ts":
    /^(src\/(flow|mcp|runtime|platform|promise)\/|node:|@modelcontextprotocol\/|@effect\/platform|@napi-rs\/|open$)/,
  "src/hosted.ts":
    /^(src\/(runtime|platform|redis|promise)\/|node:|@modelcontextprotocol\/|@effect\/platform|@napi-rs\/|open$)/,
  "src/schema.ts":
    /^(src\/(flow|mcp|hosted|runtime|platform|redis|promise)\/|node:|@modelcontextprotocol\/|@effect\/platform|@napi-rs\/|open$)/,
  "src/testing.ts": /^(src\/(?!testing[./])|effect\/|@|open$)/,
  "src/testing/effect.ts": /^(src\/(mcp|flow|runtime|platform|redis|promise|hosted)\/|@|open$)/,
  "src/promise.ts":
    /^(src\/(mcp|hosted|runtime|platform|redis)\/|node:|@modelcontextprotocol\/|@effect\/platform|@napi-rs\/|open$)/
}

/** Only who sends something to a worker, or by RPC, loads it. */
const schemaEntry = "src/schema.ts"
const heavy = Object.fromEntries(
  Object.keys(unreachable).filter((entry) => entry !== schemaEntry).map((entry) => [entry, /^effect\/Schema$/])
)

const filesIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((name) => name.endsWith(".ts"))
    .sort()

const sources = new Map(filesIn("src").map((file) => [file, readSource(file, readFileSync(file, "utf8"))]))
const tests = filesIn("test")
const found = applyExceptions([
  ...checkFiles(sources),
  ...checkImports(sources, places),
  ...checkReach(sources, unreachable),
  ...checkReach(sources, heavy),
  ...checkCircles(sources),
  ...checkEffectApi(sources),
  ...checkTestFolders(tests, sources)
], exceptions)

const isPending = ({ file }: Problem): boolean => pending.includes(file)
const waiting = found.problems.filter(isPending)
const rewritten = pending.filter((file) => !waiting.some((problem) => problem.file === file))
const unused = pending.length > 0 ? [] : found.unused

for (const file of withoutTest(tests, sources)) console.log(`for information: ${file} has no test of its name`)
if (waiting.length > 0) console.log(`for information: ${waiting.length} problems in files that are still pending`)
for (const file of rewritten) {
  console.log(`for information: ${file} breaks no rule any more: remove it from the pending files`)
}
report([
  ...found.problems.filter((problem) => !isPending(problem)).map(format),
  ...unused.map((each) =>
    `scripts/check-imports.ts: nothing needs the exception of ${each.uses.join(", ")} in ${each.in}`
  )
])
