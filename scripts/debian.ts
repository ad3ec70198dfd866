/**
 * Installs programs that tests need from Debian, where this user may install them.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import process from "node:process"

/** Installs packages with what they need and no more. Returns why they are not installed, or `undefined`. */
export const installFromDebian = (...packages: ReadonlyArray<string>): string | undefined => {
  if (!existsSync("/etc/debian_version")) return "this script can install it on Debian only"
  if (process.getuid?.() !== 0) return "only root can install it"
  const apt = (seconds: number, ...args: ReadonlyArray<string>) =>
    spawnSync("apt-get", args, {
      stdio: ["ignore", "ignore", "inherit"],
      timeout: seconds * 1000,
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
    }).status === 0
  const install = ["install", "--yes", "--quiet", "--no-install-recommends", ...packages]
  return apt(120, ...install) || (apt(45, "update", "--quiet") && apt(120, ...install))
    ? undefined
    : "apt-get failed to install it"
}
