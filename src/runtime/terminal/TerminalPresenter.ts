/**
 * The presenter of the terminal: writes to stderr, since stdout belongs to the host program, and opens the browser where
 * the person can see it.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import process from "node:process"
import { advise } from "../../core/terminal/Advice.ts"
import { type Block, layOut, wrap } from "../../core/terminal/Layout.ts"
import { type BrowserChoice, canOpen, chooseBrowser } from "../../core/terminal/BrowserChoice.ts"
import { printable, withoutStop } from "../../core/text/SafeText.ts"
import * as SignInScreen from "../../core/terminal/SignInScreen.ts"
import { type Place, placeOf } from "../../core/terminal/Surroundings.ts"
import { listed, type SomeTexts, Texts } from "../../core/terminal/Texts.ts"
import type { Notice, PendingAuthorization } from "../../services/Presenter.ts"
import * as TerminalOutput from "./TerminalOutput.ts"
import * as ProcessSurroundings from "./ProcessSurroundings.ts"

/**
 * What a host may change of the terminal's presenter.
 *
 * @since 0.1.0
 * @category options
 */
export interface TerminalOptions {
  /** Sentences that replace some of `Texts.english`. @default English */
  readonly texts?: SomeTexts | undefined
  /**
   * Opens the browser; when it fails, the person is told to open the address. `false` opens none.
   *
   * @default the command in the environment variable `BROWSER`, else the system's browser where the person can see it
   */
  readonly openBrowser?: false | ((url: URL) => Effect.Effect<unknown, unknown>) | undefined
}

/** A time of day is unambiguous for this long; a later moment is shown with its date. */
const sameDayMillis = 12 * 3_600_000

/**
 * A moment, in the format of the person's locale; `undefined` for a deadline that is no date, such as `Infinity`. The time
 * zone is added where the machine may be in another one than the person.
 */
const timeText = (millis: number, place: Place): string | undefined => {
  const date = new Date(millis)
  if (Number.isNaN(date.getTime())) return undefined
  const isLocal = place === "local" || place === "wsl"
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" }
  if (!isLocal) time.timeZoneName = "short"
  return Math.abs(millis - Date.now()) < sameDayMillis
    ? date.toLocaleTimeString(undefined, time)
    : date.toLocaleString(undefined, { ...time, day: "numeric", month: "long", year: "numeric" })
}

const say = (text: string) => {
  if (text === "") return
  const { columns } = ProcessSurroundings.style()
  TerminalOutput.say(wrap(text, columns).map((line) => `${line}\n`).join(""))
}

const showScreen = (blocks: ReadonlyArray<Block>) => TerminalOutput.screen(layOut(blocks, ProcessSurroundings.style()))

/**
 * A line that names the sign-ins that wait and those that are done; empty when there is only one, or when it says nothing
 * new.
 */
const overview = (texts: Texts): string => {
  const terminal = TerminalOutput.state()
  const { done, paste, waiting } = terminal
  if (waiting.size + done.length < 2 || waiting.size === 0) return ""
  const text = texts.waitingFor({ waiting: Array.from(waiting.values(), ({ name }) => name), done, paste })
  if (text === terminal.overview) return ""
  return terminal.overview = text
}

/** Sign-ins that are cancelled within this time were cancelled together, as ^C does. */
const togetherMillis = 100

let cancelTimer: ReturnType<typeof setTimeout> | undefined

/** Says which sign-ins were cancelled, all of them in one line, and which ones still wait. */
const sayCancelled = (): void => {
  clearTimeout(cancelTimer)
  process.off("exit", sayCancelled)
  const { cancelled, texts } = TerminalOutput.state()
  if (cancelled.length === 0) return
  TerminalOutput.state().cancelled = []
  say(texts.ended.Cancelled(listed(cancelled)))
  say(overview(texts))
}

/** Says it as soon as none waits any more, or no other one is cancelled. */
const cancel = (name: string, isLast: boolean): void => {
  TerminalOutput.state().cancelled.push(name)
  clearTimeout(cancelTimer)
  process.off("exit", sayCancelled)
  if (isLast) return sayCancelled()
  process.on("exit", sayCancelled)
  cancelTimer = setTimeout(sayCancelled, togetherMillis)
  cancelTimer.unref()
}

const openBrowserFor = (
  url: URL,
  choice: BrowserChoice,
  { openBrowser }: TerminalOptions
): Effect.Effect<unknown, unknown> =>
  openBrowser
    ? Effect.suspend(() => openBrowser(url))
    : Effect.flatMap(Effect.promise(() => import("./Browser.ts")), ({ open }) => open(choice, url))

/** The browser that a page would be opened in, and whether it would. */
const browserFor = (url: URL, { openBrowser }: TerminalOptions) => {
  const surroundings = ProcessSurroundings.surroundings()
  const wanted = chooseBrowser(surroundings, url)
  const choice = ProcessSurroundings.permitted(wanted, surroundings, url)
  return { choice, opens: openBrowser === undefined ? canOpen(choice) : openBrowser !== false, surroundings, wanted }
}

/** Opens a page that the person agreed to see; the result says whether a browser was started. */
export const open = (url: URL, options: TerminalOptions): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    const { choice, opens } = browserFor(url, options)
    if (!opens) return Effect.succeed(false)
    return openBrowserFor(url, choice, options).pipe(
      Effect.as(true),
      Effect.catchAllCause((cause) => Cause.isInterrupted(cause) ? Effect.interrupt : Effect.succeed(false))
    )
  })

/** Shows where to sign in, and opens the browser there. */
export const show = (pending: PendingAuthorization, options: TerminalOptions): Effect.Effect<void> =>
  Effect.suspend(() => {
    const texts = Texts.replace(options.texts ?? {})
    const terminal = TerminalOutput.state()
    sayCancelled()
    terminal.texts = texts
    terminal.paste = pending.paste
    const again = Array.from(terminal.waiting.values()).some(({ isShown }) => isShown)
    terminal.waiting.set(pending.id, { name: SignInScreen.nameOf(texts, pending.serverName), isShown: true })
    const { choice, opens, surroundings, wanted } = browserFor(pending.url, options)
    const blocks = SignInScreen.current(texts, pending, {
      opening: opens,
      until: timeText(pending.deadline, placeOf(surroundings)),
      instructions: advise(surroundings, { ...pending, again }),
      others: overview(texts)
    })
    TerminalOutput.screen(layOut(blocks, ProcessSurroundings.style(surroundings)))
    if (!opens) {
      const permission = options.openBrowser === undefined && !again
        ? ProcessSurroundings.missingPermission(wanted, surroundings, pending.url)
        : undefined
      if (permission !== undefined) say(texts.browserNotAllowed({ permission }))
      return Effect.void
    }
    return Effect.catchAllCause(
      Effect.asVoid(openBrowserFor(pending.url, choice, options)),
      (cause) => Cause.isInterrupted(cause) ? Effect.void : Effect.sync(() => say(texts.browserFailed))
    )
  })

/** Tells the person something while a sign-in waits, or that it has ended. */
export const notify = (notice: Notice, options: TerminalOptions): Effect.Effect<void> =>
  Effect.sync(() => {
    const texts = Texts.replace(options.texts ?? {})
    const name = (serverName: string) => SignInScreen.nameOf(texts, serverName)
    const terminal = TerminalOutput.state()
    if (notice._tag !== "SignInEnded" || notice.outcome !== "Cancelled") sayCancelled()
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
        return showScreen(SignInScreen.queued(texts, notice.pending))
      case "SignInEnded": {
        const { waiting } = terminal
        const wasKnown = waiting.delete(notice.id)
        if (notice.outcome === "Cancelled") {
          terminal.texts = texts
          cancel(name(notice.serverName), waiting.size === 0)
        } else {
          if (wasKnown && (notice.outcome === "SignedIn" || notice.outcome === "Received")) {
            terminal.done.push(name(notice.serverName))
          }
          // When the answer was pasted, `PasteAccepted` has already said that it arrived.
          if (!terminal.answered.delete(notice.id) || notice.outcome !== "Received") {
            say(texts.ended[notice.outcome](name(notice.serverName)))
          }
          if (waiting.size > 0) say(overview(texts))
        }
        if (waiting.size > 0) return
        terminal.done = []
        terminal.overview = ""
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
      case "MaybeForgotten":
        return say(texts.maybeForgotten({ serverName: name(notice.serverName) }))
      case "SignInElsewhere":
        return showScreen(SignInScreen.elsewhere(texts, notice))
      case "TokensNotStored":
        return say(
          texts.tokensNotStored({
            serverName: name(notice.serverName),
            message: withoutStop(printable(notice.message, 1000))
          })
        )
      case "CredentialsDamaged":
        return say(texts.credentialsDamaged(notice))
      case "UrlRequested":
        return showScreen(SignInScreen.requested(texts, notice))
      case "Unsafe":
        return say(texts.unsafe({ serverName: name(notice.serverName), option: notice.option }))
    }
  })
