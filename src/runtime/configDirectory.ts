/**
 * Where programs keep their configuration.
 */
import { homedir, userInfo } from "node:os"
import { posix, win32 } from "node:path"
import process from "node:process"
import type { Surroundings } from "../core/terminal/Surroundings.ts"
import { attempt } from "./attempt.ts"
import { isGranted } from "./isGranted.ts"

/** Whether a path means the same folder whatever the working directory; on Windows, whatever the drive. */
const isAbsolute = (path: string, platform: string): boolean =>
  platform === "win32" ? win32.isAbsolute(path) && win32.parse(path).root.length > 1 : posix.isAbsolute(path)

/**
 * The configuration directory of a program: `%APPDATA%` on Windows, `~/Library/Application Support` on macOS, elsewhere
 * `$XDG_CONFIG_HOME` or `~/.config`. A variable that is not an absolute path counts as unset (XDG Base Directory).
 */
export const configDirectory = (
  surroundings: Surroundings & { readonly home: string },
  appName: string
): string => {
  const { env, platform } = surroundings
  const path = platform === "win32" ? win32 : posix
  const absolute = (value: string | undefined) => value !== undefined && isAbsolute(value, platform) ? value : undefined
  switch (platform) {
    case "win32":
      return path.join(absolute(env["APPDATA"]) ?? path.join(surroundings.home, "AppData", "Roaming"), appName)
    case "darwin":
      return path.join(surroundings.home, "Library", "Application Support", appName)
    default:
      return path.join(absolute(env["XDG_CONFIG_HOME"]) ?? path.join(surroundings.home, ".config"), appName)
  }
}

/** Nothing says which folder is the account's own. */
export class NoHome extends Error {}

/** The folder of the account: as the environment has it, else as the system has it. Never the working directory. */
const home = (): string => {
  // Without permission, on Deno, the first one says so.
  const named = homedir()
  if (isAbsolute(named, process.platform)) return named
  const own = isGranted({ name: "sys", kind: "userInfo" }) ? attempt(() => userInfo().homedir) : undefined
  if (own !== undefined && isAbsolute(own, process.platform)) return own
  throw new NoHome(
    "no variable names your home folder by an absolute path, and the account has none. Set HOME, or choose a directory"
  )
}

/** The same of this process; throws `NoHome` where it has none. */
export const ownConfigDirectory = (appName: string): string =>
  configDirectory({
    platform: process.platform,
    env: process.env,
    get home() {
      return home()
    }
  }, appName)
