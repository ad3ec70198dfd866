/**
 * Installs Debian's GNOME Keyring for the tests with a real keychain, where it is missing and this user may install it.
 * Those tests look for it themselves, and are skipped without it.
 */
import { missingKeyring } from "../test/fixtures/GnomeKeyring.ts"
import { install } from "./debian.ts"

/** Installs the keyring when it is missing. Returns why there is none, or `undefined` when there is one. */
export const ensureKeyring = (): string | undefined => {
  if (missingKeyring() === undefined) return undefined
  console.error("Installing GNOME Keyring for the tests with a real keychain (apt-get install dbus gnome-keyring) …")
  return install("dbus", "gnome-keyring") ?? missingKeyring()
}
