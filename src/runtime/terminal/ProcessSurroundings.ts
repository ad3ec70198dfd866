/**
 * Finds out where this process runs. What may not be looked at counts as absent, and nobody is asked for a permission.
 */
import { existsSync, readFileSync } from "node:fs"
import { hostname, release } from "node:os"
import process from "node:process"
import type { BrowserChoice } from "../../core/terminal/BrowserChoice.ts"
import { plain, type Style } from "../../core/terminal/Layout.ts"
import { type Surroundings, variables } from "../../core/terminal/Surroundings.ts"

interface Permissions {
  readonly permissions: {
    readonly querySync: (
      descriptor: { name: string; variable?: string; kind?: string; path?: string; command?: string }
    ) => { readonly state: string }
  }
}

const attempt = <A>(look: () => A): A | undefined => {
  try {
    return look()
  } catch {
    return undefined
  }
}

/** On Deno a look without permission would ask the person, in the middle of a sign-in. */
const isGranted = (descriptor: Parameters<Permissions["permissions"]["querySync"]>[0]): boolean => {
  const { Deno } = globalThis as { readonly Deno?: Permissions }
  return Deno === undefined || attempt(() => Deno.permissions.querySync(descriptor).state) === "granted"
}

const containerFiles = ["/.dockerenv", "/run/.containerenv"]

/** Where this process runs. */
export const surroundings = (): Surroundings => ({
  platform: process.platform,
  env: Object.fromEntries(
    variables.filter((variable) => isGranted({ name: "env", variable })).map((name) => [name, process.env[name]])
  ),
  release: isGranted({ name: "sys", kind: "osRelease" }) ? attempt(release) : undefined,
  hostname: isGranted({ name: "sys", kind: "hostname" }) ? attempt(hostname) : undefined,
  containerFile: process.platform === "linux" &&
    containerFiles.some((path) => isGranted({ name: "read", path }) && existsSync(path))
})

/** The ways to open a browser that need no permission from anybody: starting a program takes the whole environment along. */
export const permitted = ({ commands, system }: BrowserChoice): BrowserChoice => {
  const hasEnvironment = isGranted({ name: "env" })
  return {
    commands: commands.filter(({ program }) => hasEnvironment && isGranted({ name: "run", command: program })),
    system: system && hasEnvironment && isGranted({ name: "run" })
  }
}

/** Whether the library that opens a browser would ask for no permission: it looks for WSL, and for a file of its own. */
export const mayLoadLibrary = (): boolean =>
  isGranted({ name: "read" }) && isGranted({ name: "sys", kind: "osRelease" })

/**
 * Whether this process has the terminal. One in the background is stopped when it sets a mode; only Linux tells without a
 * program of its own.
 */
export const isForeground = (): boolean => {
  const path = "/proc/self/stat"
  if (process.platform !== "linux" || !isGranted({ name: "read", path })) return true
  // After the name, which may hold anything: state, parent, group, session, terminal, and the group that has it.
  const [, , group, , , owner] = attempt(() => readFileSync(path, "utf8").split(") ").at(-1)?.split(" ")) ?? []
  return group === owner
}

/** Whether stderr is a terminal that knows escapes; one whose name may not be looked at is taken for one that does. */
export const hasEscapes = (): boolean => {
  if (process.stderr.isTTY !== true || process.platform === "win32") return process.stderr.isTTY === true
  return !isGranted({ name: "env", variable: "TERM" }) || !["dumb", "", undefined].includes(process.env["TERM"])
}

/** What stderr can do: plain where it is no terminal; `NO_COLOR` and a terminal that knows no escapes are respected. */
export const style = ({ env }: Surroundings): Style => {
  const { columns, isTTY } = process.stderr
  if (!isTTY) return plain
  const isRich = hasEscapes()
  const noLinks = env["FORCE_HYPERLINK"] === "0" || env["TERM"] === "linux"
  return {
    columns: columns || 80,
    bold: isRich && !env["NO_COLOR"],
    links: isRich && !noLinks
  }
}
