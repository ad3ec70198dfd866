/**
 * Installs the packed package in empty folders as people do, beside what they may have, and uses it there: imports every
 * entry, reads what those say that cannot work, and signs in to an MCP server over real sockets.
 *
 * `--quick` tries a few of the folders with npm alone. `--only TEXT` tries those whose name has the text in it. The
 * package managers, and Node 22 and 24, come from npm.
 */
import * as Effect from "effect/Effect"
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import * as McpServer from "../test/fixtures/McpServer.ts"
import * as ScriptedAuthorizationServer from "../test/fixtures/ScriptedAuthorizationServer.ts"
import { type Command, report, run, withFolder } from "./commands.ts"
import { entries } from "./pack/entries.ts"
import { expected, folders, type InFolder, isWanted, type Manager, signIns } from "./pack/installed.ts"
import { fetchManagers } from "./pack/managers.ts"
import { serveTarball } from "./pack/registry.ts"

/** Imports each entry, and prints what came of it. */
const importing = `const said = {}
for (const entry of ${JSON.stringify(entries.map(({ specifier }) => specifier))}) {
  const name = "effect-oauth-callback" + entry.slice(1)
  said[entry] = await import(name).then(() => "ok", (error) => error._tag + ": " + error.message)
}
console.log(JSON.stringify(said))
`

const problems: Array<string> = []

/** Said at once, because the whole takes long, and again at the end. */
const fail = (problem: string) => {
  console.error(problem)
  problems.push(problem)
}

const same = (name: string, said: unknown, wanted: unknown) => {
  if (JSON.stringify(said) !== JSON.stringify(wanted)) {
    fail(`${name}\n  said   ${JSON.stringify(said)}\n  wanted ${JSON.stringify(wanted)}`)
  }
}

const prepare = (folder: string, manager: Manager) => {
  mkdirSync(folder, { recursive: true })
  const own = { private: true, type: "module", name: "consumer", version: "1.0.0" }
  writeFileSync(join(folder, "package.json"), JSON.stringify(own))
  writeFileSync(join(folder, "importing.mjs"), importing)
  copyFileSync("test/fixtures/programs/besideSdk.mjs", join(folder, "besideSdk.mjs"))
  for (const [file, text] of Object.entries(manager.files ?? {})) writeFileSync(join(folder, file), text)
}

/** What runs programs in a folder, and with which variables. */
type Use = Pick<Manager, "env" | "runners">

/** Runs the programs in a folder where the package is installed, by each program that runs JavaScript. */
const use = async (name: string, folder: string, each: InFolder, { env, runners }: Use, serverUrl: string) => {
  for (const [runtime, command] of Object.entries(runners)) {
    const start = async (...args: ReadonlyArray<string>) => {
      const { code, output } = await run([...command, ...args], { cwd: folder, limit: 120, env })
      // A line of its own: the runtimes' warnings are in the output too.
      const json = /^\{.*\}$/m.exec(output)?.[0]
      return code === 0 && json !== undefined ? JSON.parse(json) : output.trim()
    }
    same(`${name}, entries on ${runtime}`, await start("importing.mjs"), expected(each))
    for (const { sdk, way } of signIns(each)) {
      const said = await start("besideSdk.mjs", way, sdk, serverUrl)
      const wanted = sdk === "none" ? said.isSignedIn === true && said.status === 200 : said.text === "person at notes"
      if (!wanted) fail(`${name}, a sign-in by ${way} with SDK ${sdk} on ${runtime}: ${JSON.stringify(said)}`)
    }
  }
}

const tryAll = (serverUrl: string) =>
  withFolder(async (root) => {
    const packed = await run(["npm", "pack", "--json", "--ignore-scripts", "--pack-destination", root])
    const tarball = join(root, JSON.parse(packed.output.slice(packed.output.search(/^\[$/m)))[0].filename)
    const wanted = folders.filter((each) => isWanted(each, process.argv.slice(2)))
    const registry = (await run(["npm", "config", "get", "registry"])).output.trim()
    const own = await serveTarball(tarball, registry)
    const fetched = await fetchManagers(root, wanted, { registry, own: own.url })
    if (wanted.some((each) => each.everywhere === true)) {
      const missing = ["Node 22", "Node 24", "Bun", "Deno"].filter((name) => fetched.runners[name] === undefined)
      if (missing.length > 0) fail(`could not be installed: ${missing.join(", ")}`)
    }
    for (const each of wanted) {
      const manager = fetched.managers[each.manager]
      const name = `${each.manager}, beside ${each.beside.join(" ") || "nothing"}`
      if (manager === undefined) {
        fail(`${name}: the package manager could not be installed`)
        continue
      }
      const folder = join(root, name.replaceAll(/\W+/g, "-"))
      prepare(folder, manager)
      const before = problems.length
      const started = performance.now()
      const commands: ReadonlyArray<Command> = [
        ...(each.beside.length === 0 ? [] : [manager.add(...each.beside)]),
        manager.add(tarball)
      ]
      for (const command of commands) {
        const { code, output } = await run(command, { cwd: folder, limit: 300, env: manager.env })
        if (code !== 0) fail(`${name}: ${command.join(" ")}\n${output}`)
      }
      const runners = { ...manager.runners, ...(each.everywhere === true ? fetched.runners : {}) }
      if (problems.length === before) {
        await use(name, folder, each, { runners, env: { ...manager.env, NO_COLOR: "1" } }, serverUrl)
      }
      const seconds = ((performance.now() - started) / 1000).toFixed(0)
      console.log(
        `${problems.length === before ? "ok    " : "FAILED"} ${name}: ${Object.keys(runners).join(", ")} (${seconds} s)`
      )
    }
    own.close()
  })

await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
  const authorizationServer = yield* ScriptedAuthorizationServer.make()
  const { url } = yield* McpServer.make({ name: "notes", authorizationServer })
  yield* Effect.promise(() => tryAll(url))
})))

report(problems)
