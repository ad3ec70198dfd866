/**
 * Whether this process is in the foreground of its terminal. The system stops the whole job of one in the background that
 * sets the terminal's mode or reads from it.
 */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import process from "node:process"
import { attempt } from "../attempt.ts"
import { isGranted } from "../isGranted.ts"

interface DenoCommands {
  readonly Command: new (
    program: string,
    options: { readonly args: Array<string>; readonly stdin: "null"; readonly stderr: "null" }
  ) => { readonly outputSync: () => { readonly stdout: Uint8Array } }
}

/** As Linux tells it. Deno lets nobody read it without --allow-all. */
const byProc = (): boolean | undefined => {
  const path = "/proc/self/stat"
  const stat = isGranted({ name: "read", path }) ? attempt(() => readFileSync(path, "utf8")) : undefined
  // After the name in parentheses: state, parent, process group, session, terminal, its foreground process group.
  const [, , group, , , foreground] = stat?.slice(stat.lastIndexOf(") ") + 2).split(" ") ?? []
  return group === undefined || foreground === undefined ? undefined : group === foreground
}

/** As `ps` tells it, on every Unix. */
const byPs = (): boolean | undefined => {
  const args = ["-o", "pgid=", "-o", "tpgid=", "-p", String(process.pid)]
  const { Deno } = globalThis as { readonly Deno?: DenoCommands }
  const run = (program: string): string | undefined => {
    if (Deno === undefined) {
      return attempt(() => spawnSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).stdout)
    }
    // `node:child_process` wants --allow-env as well.
    if (!isGranted({ name: "run", command: program })) return undefined
    return attempt(() =>
      new TextDecoder().decode(new Deno.Command(program, { args, stdin: "null", stderr: "null" }).outputSync().stdout)
    )
  }
  for (const program of ["/bin/ps", "ps"]) {
    const [, group, foreground] = /^\s*(\d+)\s+(-?\d+)\s*$/.exec(run(program) ?? "") ?? []
    if (group !== undefined) return group === foreground
  }
  return undefined
}

/** `undefined` where it cannot be known: then the terminal must not be touched. */
export const isForeground = (): boolean | undefined => {
  // There are no jobs.
  if (process.platform === "win32") return true
  const isLinux = process.platform === "linux" || process.platform === "android"
  return isLinux ? byProc() ?? byPs() : byPs() ?? byProc()
}
