/**
 * What the terminal says. Every sentence a person reads there is in this one place.
 */
import { printable } from "./SafeText.ts"

/** A sign-in, as far as words go. */
export interface PendingWords {
  readonly serverName: string
  readonly url: URL
  readonly redirectUri: string
  readonly listening: boolean
  readonly paste: boolean
}

/** Shown when a sign-in begins. The URL stands alone on its line, so that it can be clicked, or copied whole. */
export const pending = ({ listening, paste, redirectUri, serverName, url }: PendingWords, opening: boolean): string => {
  const where = `Sign in to ${printable(serverName, 200)}${opening ? " (your browser should open)" : ""}:`
  const pasting = !paste
    ? ""
    : listening
    ? "If the browser is on another machine, paste the address it ends on here, and press Enter.\n"
    : `Nothing listens at ${redirectUri}: when the browser cannot open the last page, paste its address here.\n`
  return `\n${where}\n\n  ${url.href}\n\n${pasting}`
}

/** Shown when a port was taken and only a paste can finish the sign-in. */
export const pasteOnly = (redirectUri: string): string =>
  `The port of ${redirectUri} is taken by another program, so the browser's last page will not open. ` +
  "Copy its address from the browser and paste it here.\n"

/** Shown when a paste was refused. */
export const pasteRefused = (message: string): string => `${message}\n`
