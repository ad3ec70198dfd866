/**
 * Installs Debian's Chromium for the tests in a real browser, where it is missing and this user may install it. Those
 * tests look for it themselves, and are skipped without it.
 */
import { findChromium } from "../test/fixtures/Chromium.ts"
import { install } from "./debian.ts"

/** Installs Chromium when it is missing. Returns why there is none, or `undefined` when there is one. */
export const ensureChromium = (): string | undefined => {
  if (findChromium() !== undefined) return undefined
  console.error("Installing Chromium for the tests in a real browser (apt-get install chromium) …")
  return install("chromium") ??
    (findChromium() === undefined ? "it was installed, but its program was not found" : undefined)
}
