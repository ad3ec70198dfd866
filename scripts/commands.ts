/** Finds and runs the tools of this repository on Node and on Deno alike. */
import { spawn } from "node:child_process"
import { createRequire } from "node:module"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import process from "node:process"

/** A program and its first arguments. */
export type Command = readonly [program: string, ...args: ReadonlyArray<string>]

/** The result of a program that has ended. */
export interface Finished {
  /** Exit code; 1 for a program that was ended by a signal or could not be started. */
  readonly code: number
  /** stdout and stderr, in the order they were written; empty when they were shown instead. */
  readonly output: string
}

/** Whether this process is Deno. */
export const onDeno: boolean = "Deno" in globalThis

const onPath = (name: string): string | undefined => {
  const file = process.platform === "win32" ? `${name}.exe` : name
  return (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, file)).find(existsSync)
}

/** The Deno program: this one, the one of the npm package `deno`, or the one on PATH. */
export const deno = (): string => {
  if (onDeno) return process.execPath
  try {
    // Finds the program whether or not the package's install script ran.
    return createRequire(import.meta.url)("deno/install_api.cjs").runInstall()
  } catch {
    return onPath("deno") ?? "deno"
  }
}

/** The Node program, or `undefined` on a machine with Deno alone. */
export const node = (): string | undefined => onDeno ? onPath("node") : process.execPath

/** Runs a JavaScript file of a package with this runtime. */
export const tool = (file: string): Command =>
  onDeno ? [process.execPath, "run", "-A", `node_modules/${file}`] : [process.execPath, `node_modules/${file}`]

/** Runs one of our TypeScript files with this runtime. */
export const script = (file: string): Command =>
  onDeno ? [process.execPath, "run", "-A", file] : [process.execPath, "--import", "tsx", file]

/** Options of {@link run}. */
export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Shows the output as it is written instead of keeping it. */
  readonly show?: boolean
  /** Seconds after which the program is killed; default none. */
  readonly limit?: number
}

/** Runs a program to its end. Never rejects. */
export const run = ([program, ...args]: Command, options: RunOptions = {}): Promise<Finished> =>
  new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...(process.stdout.isTTY ? {} : { NO_COLOR: "1" }), ...options.env },
      stdio: ["ignore", options.show ? "inherit" : "pipe", options.show ? "inherit" : "pipe"],
      shell: process.platform === "win32" && program === "npm"
    })
    let output = ""
    const keep = (chunk: string) => {
      output += chunk
    }
    child.stdout?.setEncoding("utf8").on("data", keep)
    child.stderr?.setEncoding("utf8").on("data", keep)
    const timer = options.limit === undefined ? undefined : setTimeout(() => {
      output += `\nkilled after ${options.limit} seconds\n`
      child.kill("SIGKILL")
    }, options.limit * 1000)
    child.on("error", (error) => resolve({ code: 1, output: `${output}${error.message}` }))
    child.on("close", (code) => {
      clearTimeout(timer)
      resolve({ code: code ?? 1, output })
    })
  })

/** Gives a new temporary folder to `use`, and removes it afterwards. */
export const withFolder = async <A>(use: (folder: string) => Promise<A>): Promise<A> => {
  const folder = mkdtempSync(join(tmpdir(), "effect-oauth-callback-"))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Prints problems and sets the exit code: the end of every check script. */
export const report = (problems: ReadonlyArray<string>): void => {
  for (const problem of problems) console.error(problem)
  process.exitCode = problems.length === 0 ? 0 : 1
}
