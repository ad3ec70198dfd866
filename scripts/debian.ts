/**
 * Installs Debian's packages for tests that need a program of theirs, where this user may.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import process from "node:process"

/** Installs packages. Returns why it could not, or `undefined` when they are there. */
export const install = (...names: ReadonlyArray<string>): string | undefined => {
  if (!existsSync("/etc/debian_version")) return "this script can install it on Debian only"
  if (process.getuid?.() !== 0) return "only root can install it"
  const apt = (seconds: number, ...args: ReadonlyArray<string>) =>
    spawnSync("apt-get", args, {
      stdio: ["ignore", "ignore", "inherit"],
      timeout: seconds * 1000,
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
    }).status === 0
  const packages = ["install", "--yes", "--quiet", "--no-install-recommends", ...names]
  return apt(120, ...packages) || (apt(45, "update", "--quiet") && apt(120, ...packages))
    ? undefined
    : "apt-get failed to install it"
}
