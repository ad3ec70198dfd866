/**
 * Runs tests on the lowest and on the newest versions of the packages that users install beside this one: in a copy of the
 * repository, with these installed. `--lowest` or `--newest` runs one end; further arguments are files for vitest.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import process from "node:process"
import { report, run, withFolder } from "./commands.ts"

/**
 * The lowest versions that package.json admits, and the Effect packages of that time, which only the tests need.
 * `package.json`, scripts/check-exports.ts and src/core/PeerMissing.ts name them too.
 */
const lowest: Readonly<Record<string, string>> = {
  effect: "3.18.0",
  "@effect/platform": "0.92.0",
  "@modelcontextprotocol/client": "2.0.0",
  "@modelcontextprotocol/sdk": "1.31.0",
  "@napi-rs/keyring": "2.0.0",
  "@effect/cluster": "0.50.0",
  // What `@effect/sql` loads.
  "@effect/experimental": "0.56.0",
  "@effect/platform-node": "0.98.0",
  "@effect/rpc": "0.71.0",
  "@effect/sql": "0.46.0",
  "@effect/vitest": "0.26.0",
  "@effect/workflow": "0.11.0"
}

/** The newest of the series that package.json admits and that the sources are written for. */
const newest: Readonly<Record<string, string>> = {
  effect: "3",
  "@effect/platform": "0.x",
  "@modelcontextprotocol/client": "2",
  "@modelcontextprotocol/sdk": "1",
  "@napi-rs/keyring": "2",
  "@effect/cluster": "0.x",
  "@effect/experimental": "0.x",
  "@effect/platform-node": "0.x",
  "@effect/rpc": "0.x",
  "@effect/sql": "0.x",
  "@effect/vitest": "0.x",
  "@effect/workflow": "0.x"
}

const tests = ["core", "effect", "services", "store", "paste", "server", "flow", "platform", "mcp", "hosted", "redis"]

const problems: Array<string> = []

/** Copies what git knows of the repository, as it is on disk. */
const copy = async (folder: string) => {
  const { output } = await run(["git", "ls-files", "--cached", "--others", "--exclude-standard"])
  for (const file of output.split("\n").filter((line) => /^(src|test|scripts)\/|^[\w.-]+\.json$/.test(line))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    copyFileSync(file, join(folder, file))
  }
  rmSync(join(folder, "package-lock.json"))
}

const runTests = (end: string, versions: Readonly<Record<string, string>>, files: ReadonlyArray<string>) =>
  withFolder(async (folder) => {
    await copy(folder)
    const npm = JSON.parse(readFileSync("package.json", "utf8"))
    // Without its own ranges, until it is installed: what is installed here is said above.
    const { peerDependencies: _, peerDependenciesMeta: __, ...rest } = npm
    const own = { ...rest, devDependencies: { ...npm.devDependencies, ...versions } }
    writeFileSync(join(folder, "package.json"), JSON.stringify(own))
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps", "--prefer-offline"]
    const installed = await run(["npm", "install", ...flags], { cwd: folder })
    if (installed.code !== 0) return problems.push(`${end}: ${installed.output}`)
    copyFileSync("package.json", join(folder, "package.json"))
    const found = Object.keys(versions).map((name) => {
      const { version } = JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8"))
      return `${name} ${version}`
    })
    console.log(`${end}: ${found.join(", ")}`)
    const vitest = [
      "node_modules/vitest/vitest.mjs",
      "run",
      "--config=scripts/vitest.config.ts",
      "--project=src",
      "--project=together"
    ]
    const { code } = await run([process.execPath, ...vitest, "--reporter=dot", ...files], {
      cwd: folder,
      env: { TEST_RUNTIME: "node" },
      show: true
    })
    if (code !== 0) problems.push(`tests failed on the ${end} versions`)
  })

const args = process.argv.slice(2)
const files = args.filter((each) => !each.startsWith("--"))
const wanted = files.length > 0 ? files : tests.map((name) => `test/${name}`)
if (!args.includes("--newest")) await runTests("lowest", lowest, wanted)
if (!args.includes("--lowest")) await runTests("newest", newest, wanted)

report(problems)
