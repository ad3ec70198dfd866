// Runs scripts/NAME.ts with the runtime that runs this file, and installs what is missing first, so that
// `npm run demo` works in a fresh clone. Plain JavaScript: it runs before any dependency is there.
// Nothing here writes to stdout, so that a script's JSON is alone there.
import { spawn, spawnSync } from "node:child_process"
import { existsSync, readFileSync, statSync, utimesSync } from "node:fs"
import process from "node:process"
import { isatty } from "node:tty"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const onDeno = "Deno" in globalThis
const [name = "", ...args] = process.argv.slice(2)

const note = (text) => process.stderr.write(`run.mjs: ${text}\n`)
const stop = (text, code = 1) => {
  note(text)
  process.exit(code)
}
const has = (path) => existsSync(`${root}/${path}`)
const json = (path) => JSON.parse(readFileSync(`${root}/${path}`, "utf8"))

if (!/^[a-z][a-z-]*$/.test(name) || !has(`scripts/${name}.ts`)) {
  stop(`there is no scripts/${name}.ts. Use: run.mjs NAME [arguments]`, 2)
}

/** The file that npm writes last, or the folder that Deno links packages from. */
const findStamp = () => ["node_modules/.package-lock.json", "node_modules/.deno"].find(has)
const stamp = findStamp()

const older = () => statSync(`${root}/${stamp}`).mtimeMs < statSync(`${root}/package-lock.json`).mtimeMs

/** After a copy or a checkout the times of files prove nothing, and `npm ci` would delete a good node_modules. */
const differs = () => {
  if (!stamp.endsWith(".json")) return true
  const installed = json(stamp).packages
  return Object.entries(json("package-lock.json").packages).some(([path, wanted]) =>
    path !== "" && !wanted.optional && !wanted.devOptional && !wanted.peer &&
    installed[path]?.version !== wanted.version
  )
}

const missing = () => stamp === undefined || (has("package-lock.json") && older() && differs())

/** On Windows npm is a .cmd file, which only a shell starts. */
const shell = (program) => process.platform === "win32" && program === "npm"

/** npm; where there is only Deno, npm run by Deno, so that the same lock file holds. */
const findNpm = () => {
  const found = spawnSync("npm", ["--version"], { stdio: "ignore", shell: shell("npm") }).status === 0
  if (found) return ["npm"]
  if (onDeno) return [process.execPath, "run", "-A", "--no-config", "--node-modules-dir=none", "npm:npm@11"]
  return stop("node_modules is missing and npm is not on PATH. Install npm, then try again")
}

const install = () => {
  const [program, ...start] = findNpm()
  const npm = (...args) => {
    note(`installing what is missing: npm ${args.join(" ")}`)
    // No install scripts: no package here needs one.
    const all = [...start, ...args, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    // stdin is left for the script, and npm's output goes to stderr.
    return spawnSync(program, all, { cwd: root, stdio: ["ignore", 2, 2], shell: shell(program) }).status === 0
  }
  // `npm ci` refuses a lock file that lacks a package; `npm install --no-save` does not, and leaves the file unchanged.
  if (!npm("ci") && !npm("install", "--no-save")) {
    stop("the install failed; see above. Run `npm install` in the repository, then try again")
  }
  // npm does not touch the file when nothing changed; without a new time the next run would install again.
  const made = findStamp()
  if (made !== undefined) utimesSync(`${root}/${made}`, new Date(), new Date())
}

if (missing()) install()

const script = `scripts/${name}.ts`
// Node 20 cannot strip types.
const start = onDeno ? ["run", "-A", script] : ["--import", "tsx", script]
const child = spawn(process.execPath, [...start, ...args], { cwd: root, stdio: "inherit" })

const signals = ["SIGINT", "SIGTERM", "SIGHUP"]
for (const signal of signals) {
  // A terminal sends ^C to the script too; passing it on would be a second one. `isatty` does not open stdin.
  process.on(signal, () => signal === "SIGINT" && isatty(0) ? undefined : child.kill(signal))
}
child.on("error", (error) => stop(`cannot start ${process.execPath}: ${error.message}`))
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code ?? 1)
  // End by the same signal as the script, so that a shell sees it.
  for (const each of signals) process.removeAllListeners(each)
  process.kill(process.pid, signal)
})
