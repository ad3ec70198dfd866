/**
 * The person at the terminal: told on stderr, for stdout belongs to the host program, with the browser opened for them
 * where they can see it.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { advise } from "../../core/terminal/Advice.ts"
import { layOut, wrap } from "../../core/terminal/Layout.ts"
import { canOpen, chooseBrowser } from "../../core/terminal/BrowserChoice.ts"
import * as SignInScreen from "../../core/terminal/SignInScreen.ts"
import { type Place, placeOf } from "../../core/terminal/Surroundings.ts"
import { type SomeTexts, Texts } from "../../core/terminal/Texts.ts"
import type { Notice, PendingAuthorization } from "../../services/Presenter.ts"
import * as TerminalOutput from "./TerminalOutput.ts"
import * as ProcessSurroundings from "./ProcessSurroundings.ts"

/** What a host may change. */
export interface TerminalOptions {
  /** Sentences instead of those of `Texts.english`. */
  readonly texts?: SomeTexts | undefined
  /**
   * Opens the browser; where it fails, the person is told to open the address. `false` opens none.
   *
   * @default what `BROWSER` says, else the system's browser where the person can see it
   */
  readonly openBrowser?: false | ((url: URL) => Effect.Effect<unknown, unknown>) | undefined
}

/** Twelve hours before it, a time of day says which day it is. */
const dayMillis = 12 * 3_600_000

/** A moment in the person's own way of writing, or nothing for one that never comes. A clock elsewhere says its zone. */
const moment = (millis: number, place: Place): string | undefined => {
  const date = new Date(millis)
  if (Number.isNaN(date.getTime())) return undefined
  const isHere = place === "local" || place === "wsl"
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" }
  if (!isHere) time.timeZoneName = "short"
  return Math.abs(millis - Date.now()) < dayMillis
    ? date.toLocaleTimeString(undefined, time)
    : date.toLocaleString(undefined, { ...time, day: "numeric", month: "long", year: "numeric" })
}

const say = (text: string) => {
  if (text === "") return
  const { columns } = ProcessSurroundings.style(ProcessSurroundings.surroundings())
  TerminalOutput.say(wrap(text, columns).map((line) => `${line}\n`).join(""))
}

/** Names the sign-ins that wait, where that is not plain to see. */
const others = (texts: Texts): string => {
  const { done, paste, waiting } = TerminalOutput.state()
  if (waiting.size + done.length < 2 || waiting.size === 0) return ""
  return texts.waitingFor({ waiting: Array.from(waiting.values(), ({ name }) => name), done, paste })
}

/** Shows where to sign in, and opens it. */
export const show = (pending: PendingAuthorization, options: TerminalOptions): Effect.Effect<void> =>
  Effect.suspend(() => {
    const texts = Texts.replace(options.texts ?? {})
    const terminal = TerminalOutput.state()
    terminal.texts = texts
    terminal.paste = pending.paste
    const again = Array.from(terminal.waiting.values()).some(({ isShown }) => isShown)
    terminal.waiting.set(pending.id, { name: SignInScreen.nameOf(texts, pending.serverName), isShown: true })
    const surroundings = ProcessSurroundings.surroundings()
    const way = ProcessSurroundings.permitted(chooseBrowser(surroundings, pending.url))
    const { openBrowser } = options
    const opens = openBrowser === undefined ? canOpen(way) : openBrowser !== false
    const blocks = SignInScreen.begun(texts, pending, {
      opening: opens,
      until: moment(pending.deadline, placeOf(surroundings)),
      steps: advise(surroundings, { ...pending, again }),
      others: others(texts)
    })
    TerminalOutput.screen(layOut(blocks, ProcessSurroundings.style(surroundings)))
    if (!opens) return Effect.void
    const opened = openBrowser
      ? Effect.suspend(() => openBrowser(pending.url))
      : Effect.flatMap(Effect.promise(() => import("./Browser.ts")), ({ open }) => open(way, pending.url))
    return Effect.catchAllCause(
      Effect.asVoid(opened),
      (cause) => Cause.isInterrupted(cause) ? Effect.void : Effect.sync(() => say(texts.browserFailed))
    )
  })

/** Says something while a sign-in waits. */
export const notify = (notice: Notice, options: TerminalOptions): Effect.Effect<void> =>
  Effect.sync(() => {
    const texts = Texts.replace(options.texts ?? {})
    const name = (serverName: string) => SignInScreen.nameOf(texts, serverName)
    const terminal = TerminalOutput.state()
    switch (notice._tag) {
      case "PasteAccepted":
        terminal.answered.add(notice.id)
        return say(texts.pasteAccepted({ serverName: name(notice.serverName), characters: notice.characters }))
      case "PasteRefused":
        return say(
          texts.pasteRefused({ characters: notice.characters, reason: texts.pasteReasons[notice.refusal.reason] })
        )
      case "CallbackRefused":
        return say(texts.callbackRefused({
          serverName: name(notice.serverName),
          reason: texts.callbackReasons[notice.refusal.reason]
        }))
      case "SignInQueued":
        terminal.waiting.set(notice.pending.id, { name: name(notice.pending.serverName), isShown: false })
        return TerminalOutput.screen(
          layOut(
            SignInScreen.queued(texts, notice.pending),
            ProcessSurroundings.style(ProcessSurroundings.surroundings())
          )
        )
      case "SignInEnded": {
        const { waiting } = terminal
        if (waiting.delete(notice.id) && (notice.outcome === "SignedIn" || notice.outcome === "Received")) {
          terminal.done.push(name(notice.serverName))
        }
        // That an answer came was said when it was pasted.
        if (!terminal.answered.delete(notice.id) || notice.outcome !== "Received") {
          say(texts.ended[notice.outcome](name(notice.serverName)))
        }
        if (waiting.size > 0) return say(others(texts))
        terminal.done = []
        return
      }
      case "PasteOnly":
        return say(texts.portTaken({ redirectUri: SignInScreen.addressText(notice.redirectUri) }))
      case "MaybeUnregistered":
        return say(
          texts.maybeUnregistered({
            serverName: name(notice.serverName),
            redirectUri: SignInScreen.addressText(notice.redirectUri)
          })
        )
      case "Unsafe":
        return say(texts.unsafe({ serverName: name(notice.serverName), option: notice.option }))
    }
  })
