/**
 * The lease between processes under fire: processes of all runtimes that are found take turns, and one of them is killed
 * every 150 ms or so, mostly the one that has the turn. Right: never two inside.
 *
 *     node --import tsx scripts/soak/lease.ts [SECONDS]
 */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { bundledInto, runtimes } from "./runtimes.ts"

/** How long and with how many. */
export interface LeaseSoakOptions {
  /** @default 30 */
  readonly seconds?: number
  /** @default 6 */
  readonly processes?: number
}

/** What was seen. */
export interface LeaseSoak {
  readonly runtimes: ReadonlyArray<string>
  readonly turns: number
  readonly kills: number
  /** Kills of the one that had the turn. */
  readonly killsInside: number
  /** How often two were inside. */
  readonly overlaps: number
  /** What processes that failed have said. */
  readonly failures: ReadonlyArray<string>
  /** How many files were left in the folder of the lease. */
  readonly left: number
}

/** Runs the round. */
export const soakLease = async ({ processes = 6, seconds = 30 }: LeaseSoakOptions = {}): Promise<LeaseSoak> => {
  const watched = mkdtempSync(join(tmpdir(), "lease-soak-"))
  const folder = join(watched, "lease")
  mkdirSync(folder, { mode: 0o700 })
  const commands = [...runtimes()]
  const program = await bundledInto(watched, "takeTurns")
  const live = new Set<ChildProcess>()
  const failures: Array<string> = []
  let [turns, kills, killsInside, started, isOver] = [0, 0, 0, 0, false]
  const start = () => {
    const [, [file, ...args]] = commands[started++ % commands.length] ?? ["", ["node"]]
    const child = spawn(file, [...args, program, folder, watched, "3"], {
      stdio: ["ignore", "pipe", "pipe"]
    })
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      turns += text.split("\n").length - 1
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => failures.push(text.slice(0, 500)))
    live.add(child)
    child.on("exit", () => {
      live.delete(child)
      if (!isOver) start()
    })
  }
  const inside = (): number => {
    try {
      return Number(readFileSync(join(watched, "inside"), "utf8"))
    } catch {
      return 0
    }
  }
  try {
    for (let each = 0; each < processes; each++) start()
    // It begins with the first turn: a busy machine takes long to start a program.
    const patience = Date.now() + 60_000
    while (turns === 0 && Date.now() < patience) await setTimeout(20)
    let killedAt = turns
    const end = Date.now() + seconds * 1000
    while (Date.now() < end) {
      await setTimeout(100 + Math.random() * 100)
      // On a busy machine programs start slowly, and nobody would be left to kill.
      for (let tries = 0; turns < killedAt + 3 && tries < 100; tries++) await setTimeout(20)
      killedAt = turns
      // Mostly the one that has the turn, as soon as there is one.
      const isForHolder = Math.random() < 0.6
      for (let tries = 0; isForHolder && inside() === 0 && tries < 100; tries++) await setTimeout(1)
      const all = [...live]
      const holder = isForHolder ? all.find(({ pid }) => pid === inside()) : undefined
      const victim = holder ?? all[Math.floor(Math.random() * all.length)]
      if (victim === undefined) continue
      kills++
      if (victim.pid === inside()) killsInside++
      victim.kill("SIGKILL")
    }
  } finally {
    isOver = true
    const gone = [...live].map((child) => new Promise((resolve) => child.once("exit", resolve)))
    for (const child of live) child.kill("SIGKILL")
    await Promise.all(gone)
  }
  const overlaps = readdirSync(watched).filter((name) => name.startsWith("overlap")).length
  const left = readdirSync(folder).length
  rmSync(watched, { recursive: true, force: true })
  return { runtimes: commands.map(([name]) => name), turns, kills, killsInside, overlaps, failures, left }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = await soakLease({ seconds: Number(process.argv[2] ?? 30) })
  console.log(JSON.stringify(found))
  process.exitCode = found.overlaps > 0 || found.turns === 0 || found.failures.length > 0 ? 1 : 0
}
