// Runs scripts/NAME.ts with the runtime that runs this file, and installs what is missing first, so that
// `npm run demo` works in a fresh clone. Plain JavaScript: it runs before any dependency is there.
// Nothing here writes to stdout; that belongs to the script.
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

/** What npm wrote last, or the folder Deno links packages from. */
const findStamp = () => ["node_modules/.package-lock.json", "node_modules/.deno"].find(has)
const stamp = findStamp()

const older = () => statSync(`${root}/${stamp}`).mtimeMs < statSync(`${root}/package-lock.json`).mtimeMs

/** Times alone mislead after a copy or a checkout; a wrong guess would make `npm ci` delete a good node_modules. */
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

/** npm itself; where there is only Deno, Deno runs npm, so that both keep to one lock file. */
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
    // Install scripts are left out: nothing here needs one, and `prepare` would only build for others.
    const all = [...start, ...args, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    // The script's stdin is not the installer's to read, and its stdout is not the installer's to write.
    return spawnSync(program, all, { cwd: root, stdio: ["ignore", 2, 2], shell: shell(program) }).status === 0
  }
  // npm ci refuses a lock file that is not whole; the second way takes from it what it has, and leaves it as it is.
  if (!npm("ci") && !npm("install", "--no-save")) {
    stop("the install failed; see above. Run `npm install` in the repository, then try again")
  }
  // An install that had nothing to do leaves the time as it was, and would be asked for again.
  const made = findStamp()
  if (made !== undefined) utimesSync(`${root}/${made}`, new Date(), new Date())
}

if (process.env.npm_lifecycle_event === "prepare") {
  // npm runs `prepare` inside `npm ci`: an install from here would start the next one.
  if (!has("node_modules/tsx") || !has("node_modules/typescript")) {
    stop("development dependencies are absent: nothing was built", 0)
  }
} else if (missing()) install()

const script = `scripts/${name}.ts`
// Node 20 cannot strip types.
const start = onDeno ? ["run", "-A", script] : ["--import", "tsx", script]
const child = spawn(process.execPath, [...start, ...args], { cwd: root, stdio: "inherit" })

const signals = ["SIGINT", "SIGTERM", "SIGHUP"]
for (const signal of signals) {
  // A terminal sends ^C to the whole group; passing it on would be a second ^C. (process.stdin would open the stream.)
  process.on(signal, () => signal === "SIGINT" && isatty(0) ? undefined : child.kill(signal))
}
child.on("error", (error) => stop(`cannot start ${process.execPath}: ${error.message}`))
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code ?? 1)
  // End the way the script ended, so that a shell sees the signal.
  for (const each of signals) process.removeAllListeners(each)
  process.kill(process.pid, signal)
})
