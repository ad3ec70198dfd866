/**
 * A person who pastes, for tests.
 */

/**
 * Texts that are pasted when a test says so: give it as `prompt` of `./promise`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ScriptedPaste extends AsyncIterable<string> {
  /** Pastes a text. When no sign-in reads, the next one that does gets it. */
  readonly paste: (text: string) => void
  /** The person closes the input: nothing more comes, now and for later sign-ins. Texts that were pasted are read before. */
  readonly end: () => void
}

type Next = IteratorResult<string, undefined>

const over: Next = { done: true, value: undefined }

/**
 * Makes a script of pastes.
 *
 * @example
 * ```ts
 * import { scriptedPaste } from "effect-oauth-callback/testing"
 *
 * const prompt = scriptedPaste()
 * prompt.paste("http://127.0.0.1:49152/callback?code=…&state=…")
 * prompt.end()
 * for await (const text of prompt) console.log(text)
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const scriptedPaste = (): ScriptedPaste => {
  const texts: Array<string> = []
  /** Those who wait for a text, each with the iterator that it belongs to. */
  let waiting: Array<{ readonly iterator: object; readonly resolve: (next: Next) => void }> = []
  let ended = false
  return {
    paste: (text) => {
      if (ended) throw new Error("Nothing can be pasted after end()")
      const reader = waiting.shift()
      if (reader === undefined) texts.push(text)
      else reader.resolve({ done: false, value: text })
    },
    end: () => {
      ended = true
      for (const { resolve } of waiting) resolve(over)
      waiting = []
    },
    [Symbol.asyncIterator]: () => {
      let closed = false
      const iterator: AsyncIterator<string, undefined> = {
        next: () => {
          if (closed) return Promise.resolve(over)
          const value = texts.shift()
          if (value !== undefined) return Promise.resolve({ done: false, value })
          if (ended) return Promise.resolve(over)
          return new Promise((resolve) => waiting.push({ iterator, resolve }))
        },
        // A reader that has gone must take no text with it.
        return: () => {
          closed = true
          for (const one of waiting) if (one.iterator === iterator) one.resolve(over)
          waiting = waiting.filter((one) => one.iterator !== iterator)
          return Promise.resolve(over)
        }
      }
      return iterator
    }
  }
}
