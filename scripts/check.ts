/**
 * Checks a change before its commit: format, lint, types, imports, exports, docs, and the package as users install it.
 * Steps start in this order, two at a time; all of them run, and the failures are listed at the end.
 */
import { existsSync, readdirSync } from "node:fs"
import process from "node:process"
import type { Command } from "./commands.ts"
import { deno, run, script, tool } from "./commands.ts"

interface Step {
  readonly name: string
  readonly command: Command
  /** Name of the step whose result this one needs. */
  readonly after?: string
}

const denoTests = existsSync("test")
  ? readdirSync("test").filter((name) => name.endsWith(".deno.ts")).map((name) => `test/${name}`)
  : []

const steps: ReadonlyArray<Step> = [
  { name: "format", command: [deno(), "fmt", "--check"] },
  { name: "lint", command: [deno(), "lint"] },
  { name: "types", command: [...tool("typescript/lib/tsc.js"), "--project", "tsconfig.json"] },
  {
    name: "types of the bundle, on Effect 4",
    command: [...tool("typescript/lib/tsc.js"), "--project", "scripts/bundle/tsconfig.json"]
  },
  { name: "build", command: script("scripts/build.ts") },
  { name: "package", command: script("scripts/check-pack.ts"), after: "build" },
  {
    name: "effect diagnostics",
    command: [
      ...tool("@effect/language-service/cli.js"),
      "diagnostics",
      "--project",
      // Without the tests, with which it takes six times as long.
      "scripts/tsconfig.build.json",
      "--strict",
      "--format",
      "text"
    ]
  },
  // These use names of Deno, which tsc does not know.
  ...denoTests.length === 0 ? [] : [{ name: "types of Deno tests", command: [deno(), "check", ...denoTests] as const }],
  { name: "imports", command: script("scripts/check-imports.ts") },
  { name: "exports", command: script("scripts/check-exports.ts") },
  { name: "API report", command: script("scripts/api.ts") },
  { name: "doc comments", command: script("scripts/lint-docs.ts") },
  { name: "docs", command: script("scripts/check-docs.ts") },
  { name: "slow types", command: [deno(), "publish", "--dry-run", "--allow-dirty"] }
]

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`
/** Long warnings of Deno that say nothing about this package. */
const noise = [
  /^Warning Failed resolving types\b/,
  /^ +at file:.*\/node_modules\/@types\//,
  /^Stack backtrace:|^ +0: </
]
const withoutNoise = (output: string) =>
  output.split("\n").filter((line) => !noise.some((each) => each.test(line))).join("\n").trim()

const started = performance.now()
const failed = new Map<string, string>()
const running = new Map<string, Promise<void>>()

const start = async ({ after, command, name }: Step) => {
  if (after !== undefined) await running.get(after)
  if (after !== undefined && failed.has(after)) {
    failed.set(name, `not run: ${after} failed`)
    return console.log(`FAILED ${name} (not run: ${after} failed)`)
  }
  const since = performance.now()
  const { code, output } = await run(command)
  console.log(`${code === 0 ? "ok    " : "FAILED"} ${name} (${seconds(since)})`)
  if (code !== 0) failed.set(name, withoutNoise(output))
}

const queue = [...steps]
const worker = async () => {
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
    const done = start(step)
    running.set(step.name, done)
    await done
  }
}
await Promise.all([worker(), worker()])

for (const [name, output] of failed) console.error(`\n-- ${name}\n${output}`)
console.log(
  failed.size === 0
    ? `\nAll ${steps.length} steps passed in ${seconds(started)}`
    : `\n${failed.size} of ${steps.length} steps failed in ${seconds(started)}`
)
process.exitCode = failed.size === 0 ? 0 : 1
