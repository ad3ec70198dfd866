/**
 * The services that a caller without Effect asks for by options.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { paste, presenter } from "../runtime/services.ts"
import * as PasteReader from "../paste/PasteReader.ts"
import type { Notice as EffectNotice, PendingAuthorization, Presenter } from "../services/Presenter.ts"
import type { OpenCallbackOptions } from "./Callback.ts"
import { fromCaller } from "./runToPromise.ts"
import type { AskOptions, Notice, ScreenOptions } from "./Screen.ts"

/**
 * One element a paste. The iterator's `return` is called and not waited for: that of a generator which
 * waits for its next line does not resolve before that line comes.
 */
const linesOf = (prompt: AsyncIterable<string>): PasteReader.PasteReader =>
  PasteReader.make((onText) =>
    Effect.suspend(() => {
      const iterator = prompt[Symbol.asyncIterator]()
      const next: Effect.Effect<void> = Effect.flatMap(
        // What fails has ended.
        Effect.orElseSucceed(Effect.tryPromise(() => iterator.next()), () => undefined),
        (result) => {
          if (result === undefined || result.done === true) return Effect.void
          onText(String(result.value))
          return next
        }
      )
      return Effect.ensuring(next, Effect.sync(() => void Promise.resolve(iterator.return?.()).catch(() => {})))
    })
  )

/** The paste that the caller's options ask for. */
export const pasteFor = ({ prompt }: Pick<OpenCallbackOptions, "prompt">): PasteReader.PasteReader =>
  typeof prompt === "object" ? linesOf(prompt) : paste

/** Calls a function of the host that is only told something: neither what it throws nor how long it takes matters. */
const tell = (call: () => unknown): Effect.Effect<void> =>
  Effect.sync(() => {
    try {
      // A promise that rejects would end the program of its host.
      Promise.resolve(call()).catch(() => {})
    } catch {
      // The same as a promise that rejects.
    }
  })

/** Shows a sign-in on the host's own screen, until the scope closes. */
const showOn = (
  present: NonNullable<Exclude<ScreenOptions["present"], false>>,
  pending: PendingAuthorization
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const ended = new AbortController()
    yield* Effect.addFinalizer(() => Effect.sync(() => ended.abort()))
    yield* tell(() => present({ ...pending, url: new URL(pending.url), signal: ended.signal }))
  })

/** A notice of the host's types. Each that is about a server names it in the same place. */
const toNotice = (notice: EffectNotice): Notice =>
  notice._tag === "SignInQueued"
    ? { ...notice, serverName: notice.pending.serverName }
    : (notice._tag === "UrlRequested" || notice._tag === "SignInElsewhere") && notice.url !== undefined
    ? { ...notice, url: new URL(notice.url) }
    : notice

/** Asks by a function of the host. One that fails has asked, as a prompt that rejects when it is cancelled. */
const askBy =
  (ask: NonNullable<AskOptions["askClientId"]>): NonNullable<Presenter["askClientId"]> => ({ paste: _, ...question }) =>
    Effect.map(
      Effect.orElseSucceed(fromCaller((signal) => ask({ ...question, signal })), () => undefined),
      // Whatever it is, it is checked where it is used.
      (answer) => Option.some(answer ?? "")
    )

/** The presenter that the caller's options ask for. */
export const presenterFor = (
  { askClientId, onNotice, openBrowser, present, prompt, texts }:
    & Pick<OpenCallbackOptions, "openBrowser" | "prompt" | "texts">
    & AskOptions
    & ScreenOptions
): Presenter => {
  const { askClientId: askAtTerminal, ...terminal } = presenter({
    openBrowser: typeof openBrowser === "function"
      ? (url: URL) => fromCaller(() => openBrowser(new URL(url.href)))
      : openBrowser === false
      ? false
      : undefined,
    texts
  })
  const told = onNotice === undefined
    ? () => Effect.void
    : (notice: EffectNotice) => tell(() => onNotice(toNotice(notice)))
  const byTerminal = present === undefined && prompt === undefined ? askAtTerminal : undefined
  const ask = askClientId === undefined ? byTerminal : askBy(askClientId)
  const asking = ask === undefined ? {} : { askClientId: ask }
  if (present === undefined) {
    return { ...terminal, ...asking, notice: (notice) => Effect.zipRight(told(notice), terminal.notice(notice)) }
  }
  const opens = openBrowser === true || typeof openBrowser === "function"
  const open = (url: URL): Effect.Effect<boolean> =>
    opens && terminal.open !== undefined ? terminal.open(url) : Effect.succeed(false)
  return {
    show: (pending) =>
      Effect.zipRight(present === false ? Effect.void : showOn(present, pending), Effect.asVoid(open(pending.url))),
    notice: told,
    open,
    ...asking
  }
}
