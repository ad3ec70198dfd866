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

/** Shown when a sign-in waits until another one is done. */
export const queued = ({ serverName, url }: Pick<PendingWords, "serverName" | "url">): string =>
  `\nSign in to ${printable(serverName, 200)} comes next. To do it now, open:\n\n  ${url.href}\n`

/** Shown before a sign-in that the authorization server may not let end here. */
export const maybeUnregistered = (serverName: string, redirectUri: string): string =>
  `\nThe sign-in to ${printable(serverName, 200)} comes back to ${redirectUri}. If a page there complains about the ` +
  "redirect URI, that server accepts only the one it was told: set callback.port to its port, and see that nothing " +
  "else uses it.\n"

/** Shown when a check failed that was waived. */
export const unsafe = (serverName: string, option: "allowMissingS256" | "allowIssuerMismatch"): string =>
  `Warning: ${printable(serverName, 200)} ${
    option === "allowMissingS256" ? "does not say that it checks PKCE" : "names another issuer than it was asked for as"
  }. The sign-in goes on because unsafe.${option} is set.\n`

/** Shown when a paste was refused. */
export const pasteRefused = (message: string): string => `${message}\n`
