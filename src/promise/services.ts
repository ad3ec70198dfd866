/**
 * The services that a caller without Effect asks for by options.
 */
import * as Effect from "effect/Effect"
import { paste, presenter } from "../runtime/services.ts"
import * as PasteReader from "../paste/PasteReader.ts"
import type { Presenter } from "../services/Presenter.ts"
import type { OpenCallbackOptions } from "./Callback.ts"
import { fromCaller } from "./runToPromise.ts"

/**
 * One element a paste. The iterator's `return` is called and not waited for: a generator that waits for its next line
 * would hold the release for ever.
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

/** The presenter that the caller's options ask for. */
export const presenterFor = (
  { openBrowser, texts }: Pick<OpenCallbackOptions, "openBrowser" | "texts">
): Presenter =>
  presenter({
    openBrowser: typeof openBrowser === "function"
      ? (url: URL) => fromCaller(() => openBrowser(new URL(url.href)))
      : openBrowser === false
      ? false
      : undefined,
    texts
  })
