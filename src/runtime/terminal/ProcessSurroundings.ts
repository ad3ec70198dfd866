/**
 * Finds out where this process runs: system, environment, terminal. On Deno, what it has no permission to read counts as
 * absent, and no permission is requested.
 */
import { existsSync } from "node:fs"
import { hostname, release } from "node:os"
import process from "node:process"
import { type BrowserChoice, canOpen, type Command, systemCommands } from "../../core/terminal/BrowserChoice.ts"
import { plain, type Style } from "../../core/terminal/Layout.ts"
import { placeOf, type Surroundings, variables } from "../../core/terminal/Surroundings.ts"
import { printable } from "../../core/text/SafeText.ts"
import { attempt } from "../attempt.ts"
import { isGranted } from "../isGranted.ts"

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

/**
 * Whether this process may start a program. That takes permission for the whole environment, which the program inherits.
 */
export const mayRun = ({ program }: Command): boolean =>
  isGranted({ name: "env" }) && isGranted({ name: "run", command: program })

/**
 * Whether the package `open` can run without a permission prompt: it checks for WSL, and for the helper program that it brings
 * along.
 */
export const mayLoadLibrary = (): boolean =>
  isGranted({ name: "env" }) && isGranted({ name: "run" }) && isGranted({ name: "read" }) &&
  isGranted({ name: "sys", kind: "osRelease" })

/** Those of the ways to open a URL that this process has the permissions for. */
export const permitted = ({ commands, system }: BrowserChoice, around: Surroundings, url: URL): BrowserChoice => ({
  commands: commands.filter(mayRun),
  system: system && (mayLoadLibrary() || systemCommands(around, url).some(mayRun))
})

/** The permission that Deno wants for a way to open a URL and has not; `undefined` when it is not for this that none opens. */
export const missingPermission = (choice: BrowserChoice, around: Surroundings, url: URL): string | undefined => {
  const isUnknown = ["BROWSER", "DISPLAY", "WAYLAND_DISPLAY"].some((variable) => !isGranted({ name: "env", variable }))
  const [command] = choice.commands.length > 0 ? choice.commands : systemCommands(around, url)
  const wants = canOpen(choice) || (isUnknown && placeOf(around) === "headless")
  return !wants || command === undefined || mayRun(command)
    ? undefined
    : `--allow-env --allow-run=${printable(command.program, 200)}`
}

/** Whether stderr is a terminal that understands escape sequences. Without permission to read `TERM`, it is assumed to. */
export const hasEscapes = (): boolean => {
  if (process.stderr.isTTY !== true || process.platform === "win32") return process.stderr.isTTY === true
  return !isGranted({ name: "env", variable: "TERM" }) || !["dumb", "", undefined].includes(process.env["TERM"])
}

/** What stderr can show: plain text unless it is a terminal. `NO_COLOR` and `FORCE_HYPERLINK=0` are respected. */
export const style = ({ env }: Surroundings = surroundings()): Style => {
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
