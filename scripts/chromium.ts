/**
 * Installs Debian's Chromium for the tests in a real browser, where it is missing and this user may install it. Those
 * tests look for it themselves, and are skipped without it.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import process from "node:process"
import { findChromium } from "../test/fixtures/Chromium.ts"

const install = (): string | undefined => {
  if (!existsSync("/etc/debian_version")) return "this script can install it on Debian only"
  if (process.getuid?.() !== 0) return "only root can install it"
  const apt = (seconds: number, ...args: ReadonlyArray<string>) =>
    spawnSync("apt-get", args, {
      stdio: ["ignore", "ignore", "inherit"],
      timeout: seconds * 1000,
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
    }).status === 0
  const packages = ["install", "--yes", "--quiet", "--no-install-recommends", "chromium"]
  return apt(120, ...packages) || (apt(45, "update", "--quiet") && apt(120, ...packages))
    ? undefined
    : "apt-get failed to install it"
}

/** Installs Chromium when it is missing. Returns why there is none, or `undefined` when there is one. */
export const ensureChromium = (): string | undefined => {
  if (findChromium() !== undefined) return undefined
  console.error("Installing Chromium for the tests in a real browser (apt-get install chromium) …")
  return install() ?? (findChromium() === undefined ? "it was installed, but its program was not found" : undefined)
}
