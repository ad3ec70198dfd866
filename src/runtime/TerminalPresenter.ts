/**
 * The person at the terminal: told on stderr, for stdout belongs to the host program, with the browser opened for them
 * where they can see it.
 */
import * as Effect from "effect/Effect"
import process from "node:process"
import { opensBrowser } from "../core/Surroundings.ts"
import * as Texts from "../core/Texts.ts"
import type { Notice, PendingAuthorization } from "../services/Presenter.ts"

/** Writes to stderr. A terminal that went away ends no sign-in: the browser may be open already. */
const say = (text: string): Effect.Effect<void> =>
  Effect.sync(() => {
    const { stderr } = process
    const ignore = () => {}
    stderr.on("error", ignore)
    try {
      // The event comes some turns after the callback.
      stderr.write(text, () => void setImmediate(() => stderr.off("error", ignore)))
    } catch {
      stderr.off("error", ignore)
    }
  })

/** Opens the system's browser, without a shell. It never fails: the address is on the screen as well. */
const openBrowser = (url: URL): Effect.Effect<void> =>
  Effect.ignore(
    Effect.tryPromise(async () => {
      const { default: open } = await import("open")
      const child = await open(url.href)
      child.on("error", () => {})
    })
  )

/** Shows where to sign in, and opens it: by `opener` where there is one, else where the person can see it. */
export const show = (
  pending: PendingAuthorization,
  opener?: (url: URL) => Effect.Effect<unknown>
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const open = opener ?? (opensBrowser({ platform: process.platform, env: process.env }) ? openBrowser : undefined)
    const shown = say(Texts.pending(pending, opener === undefined && open !== undefined))
    return open === undefined ? shown : Effect.zipRight(shown, Effect.asVoid(open(pending.url)))
  })

/** Says something while a sign-in waits. */
export const notify = (notice: Notice): Effect.Effect<void> => {
  switch (notice._tag) {
    case "PasteRefused":
      return say(Texts.pasteRefused(notice.message))
    case "PasteOnly":
      return say(Texts.pasteOnly(notice.redirectUri))
    case "SignInQueued":
      return say(Texts.queued(notice.pending))
    case "MaybeUnregistered":
      return say(Texts.maybeUnregistered(notice.serverName, notice.redirectUri))
    case "Unsafe":
      return say(Texts.unsafe(notice.serverName, notice.option))
  }
}
