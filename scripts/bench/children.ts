/** Starts the processes that are measured, reads their output, and ends them with this one. */
import { type ChildProcess, spawn } from "node:child_process"
import process from "node:process"
import type { Command } from "../commands.ts"

/** A process that runs. */
export interface Child {
  /** The next line of its stdout that matches; rejects when it ends before that. */
  readonly line: (wanted: RegExp) => Promise<string>
  /** Resolves when it has exited with 0; rejects when it ended in another way. */
  readonly ended: Promise<void>
  /** Ends it, and waits until it has ended. */
  readonly end: () => Promise<void>
}

/** How a process is started. */
export interface ChildOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Seconds after which it is ended. @default 120 */
  readonly limit?: number
}

const running = new Set<ChildProcess>()

/** Kills all that still run. */
export const endAll = (): void => {
  for (const child of running) child.kill("SIGKILL")
}

/** Starts a process. Its stdin stays open and empty. */
export const start = ([program, ...args]: Command, { cwd, env, limit = 120 }: ChildOptions): Child => {
  // Options of the caller's shell for Node must not change what is measured.
  const { NODE_OPTIONS: _, ...inherited } = process.env
  const child = spawn(program, args, {
    cwd,
    env: { ...inherited, ...env },
    stdio: ["pipe", "pipe", "pipe"],
    shell: process.platform === "win32" && program === "npm"
  })
  running.add(child)
  let said = ""
  const onText = (chunk: string) => {
    said = (said + chunk).slice(-2000)
  }
  let rest = ""
  let unread: Array<string> = []
  let take: ((text: string) => boolean) | undefined
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    onText(chunk)
    const lines = (rest + chunk).split("\n")
    rest = lines.pop() ?? ""
    for (const text of lines) {
      if (take === undefined) unread.push(text)
      else if (take(text)) take = undefined
    }
  })
  child.stderr.setEncoding("utf8").on("data", onText)
  const timer = setTimeout(() => child.kill("SIGKILL"), limit * 1000)
  const gone = new Promise<string | undefined>((resolve) => {
    child.on("error", (error) => resolve(error.message))
    child.on("exit", (code, signal) => resolve(code === 0 ? undefined : `ended with ${signal ?? code}`))
  }).then((problem) => {
    clearTimeout(timer)
    running.delete(child)
    return problem
  })
  const ended = gone.then((problem) => {
    if (problem !== undefined) throw new Error([problem, said.trim()].filter((text) => text !== "").join(": "))
  })
  // `line` rejects as well; this keeps the rejection from being reported as unhandled.
  ended.catch(() => {})
  const line = (wanted: RegExp) => {
    const found = new Promise<string>((resolve) => {
      const index = unread.findIndex((text) => wanted.test(text))
      if (index >= 0) resolve(unread[index] ?? "")
      unread = index < 0 ? [] : unread.slice(index + 1)
      if (index < 0) {
        take = (text) => {
          const isWanted = wanted.test(text)
          if (isWanted) resolve(text)
          return isWanted
        }
      }
    })
    const early = new Promise<never>((_, reject) => {
      // Not on `exit`, after which its last output may still arrive.
      child.on("close", () => ended.then(() => reject(new Error("it ended without an answer")), reject))
    })
    early.catch(() => {})
    return Promise.race([found, early])
  }
  const end = async () => {
    child.kill("SIGKILL")
    await gone
  }
  return { line, ended, end }
}

/** Runs a process to its end, and reads the JSON in the last line of its stdout. */
export const readJson = async (command: Command, options: ChildOptions): Promise<unknown> => {
  const child = start(command, options)
  const text = await child.line(/^[[{].*[\]}]$/)
  await child.ended
  return JSON.parse(text)
}
