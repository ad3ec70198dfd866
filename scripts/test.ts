/**
 * Runs every test on Node and on Deno at the same time, and ends with one line `N passed, N failed`. The output of Deno
 * is printed after that of Node.
 *
 * `--node` or `--deno` chooses one of them; other arguments are passed to vitest (file filters, `-t`).
 */
import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import process from "node:process"
import { ensureChromium } from "./chromium.ts"
import { deno, node, run, script, withFolder } from "./commands.ts"
import { ensureKeyring } from "./keyring.ts"
import { ensureRedis } from "./redis.ts"

type Runtime = "node" | "deno"

interface Counts {
  readonly passed: number
  readonly failed: number
  /** What failed, in words: the end of a long output is what one reads first. */
  readonly failures: ReadonlyArray<string>
}

/** The fields of vitest's JSON report that are read here. */
interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly status: string
    readonly assertionResults: ReadonlyArray<{ readonly status: string; readonly fullName: string }>
  }>
}

const heading = (text: string) => console.log(`\n== ${text}`)

/** A run that ended badly without naming a failed test still counts as one failure. */
const orOne = (failed: number, code: number): number => failed === 0 && code !== 0 ? 1 : failed

const vitest = async (
  runtime: Runtime,
  program: string,
  args: ReadonlyArray<string>,
  folder: string,
  show: boolean
): Promise<Counts & { readonly output: string }> => {
  const file = join(folder, `${runtime}.json`)
  const { code, output } = await run([
    program,
    ...(runtime === "deno" ? ["run", "-A"] : []),
    "node_modules/vitest/vitest.mjs",
    "run",
    "--config=scripts/vitest.config.ts",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
    ...args
  ], { show, env: { TEST_RUNTIME: runtime } })
  try {
    const report: Report = JSON.parse(readFileSync(file, "utf8"))
    // A test file that cannot be loaded fails without having a failed test.
    const broken = report.testResults.filter((result) =>
      result.status === "failed" && !result.assertionResults.some((each) => each.status === "failed")
    )
    const failures = report.testResults.flatMap(({ assertionResults, name }) =>
      assertionResults
        .filter(({ status }) => status === "failed")
        .map(({ fullName }) => `${relative(process.cwd(), name)}: ${fullName}`)
    ).concat(broken.map(({ name }) => `${relative(process.cwd(), name)} could not be run`))
    return {
      passed: report.numPassedTests,
      failed: orOne(report.numFailedTests + broken.length, code),
      failures: (failures.length === 0 && code !== 0 ? ["vitest itself"] : failures)
        .map((failure) => `${failure} (on ${runtime})`),
      output
    }
  } catch {
    return { passed: 0, failed: 1, failures: [`vitest did not end (on ${runtime})`], output }
  }
}

const denoTest = async (files: ReadonlyArray<string>, folder: string): Promise<Counts> => {
  const file = join(folder, "deno-test.xml")
  const { code } = await run([
    deno(),
    "test",
    "-A",
    // `npm run check` checks the types.
    "--no-check",
    "--sanitize-ops",
    "--sanitize-resources",
    `--junit-path=${file}`,
    ...files
  ], { show: true, env: { TEST_RUNTIME: "deno" } })
  try {
    const [head = ""] = /<testsuites[^>]*>/.exec(readFileSync(file, "utf8")) ?? []
    const count = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(head)?.[1] ?? 0)
    const failed = count("failures") + count("errors")
    return {
      passed: count("tests") - failed,
      failed: orOne(failed, code),
      failures: failed > 0 || code !== 0 ? ["deno test"] : []
    }
  } catch {
    return { passed: 0, failed: 1, failures: ["deno test did not end"] }
  }
}

const all = async (only: Runtime | undefined, rest: ReadonlyArray<string>, folder: string) => {
  const counts: Array<Counts> = []
  const nodeProgram = node()
  // Each of them waits half of the time, so that both together take little longer than one.
  const onDeno = only === "node" ? undefined : vitest("deno", deno(), rest, folder, only === "deno")
  if (only !== "deno") {
    heading("vitest on Node")
    if (nodeProgram !== undefined) counts.push(await vitest("node", nodeProgram, rest, folder, true))
    else console.log("skipped: node is not on PATH")
  }
  if (onDeno !== undefined) {
    heading("vitest on Deno")
    const { output, ...count } = await onDeno
    console.log(output)
    counts.push(count)
    heading("deno test with sanitizers")
    const files = readdirSync("test").filter((name) => name.endsWith(".deno.ts")).map((name) => `test/${name}`)
    if (rest.length > 0) console.log("skipped: the arguments choose vitest's tests")
    else if (files.length === 0) console.log("skipped: there is no test/*.deno.ts")
    else counts.push(await denoTest(files, folder))
  }
  return counts
}

const args = process.argv.slice(2)
const only = args.includes("--node") ? "node" : args.includes("--deno") ? "deno" : undefined
const rest = args.filter((arg) => arg !== "--node" && arg !== "--deno")
const withoutChromium = ensureChromium()
if (withoutChromium !== undefined) console.log(`skipped: the tests in a real browser, because ${withoutChromium}`)
const withoutKeyring = ensureKeyring()
if (withoutKeyring !== undefined) console.log(`skipped: the tests with a real keychain, because ${withoutKeyring}`)
const withoutRedis = ensureRedis()
if (withoutRedis !== undefined) console.log(`skipped: the tests with a real Redis, because ${withoutRedis}`)
const built = await run(script("scripts/build.ts"))
if (built.code !== 0) {
  console.error(`The package does not build:\n${built.output}`)
  process.exit(1)
}
const counts = await withFolder((folder) => all(only, rest, folder))
const passed = counts.reduce((sum, each) => sum + each.passed, 0)
const failed = counts.reduce((sum, each) => sum + each.failed, 0)
if (passed + failed === 0) console.error("No test ran")
console.log("")
for (const failure of counts.flatMap(({ failures }) => failures)) console.log(`FAILED: ${failure}`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
