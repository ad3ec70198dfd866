/**
 * Standard input, shared by every flow of the process.
 *
 * stdin belongs to the process, so what shares it does too: one hub on `globalThis`, made of plain functions, serves every
 * copy of this package and every Effect runtime. It is attached while somebody holds it, and otherwise not touched.
 */
import * as PasteRouter from "../services/PasteRouter.ts"

/** Starts a reader; the result stops it and leaves the stream as it was found. */
export type AttachReader = (onText: (text: string) => void) => () => void

/** One reader of stdin and who listens to it. */
export interface StdinHub {
  readonly router: PasteRouter.PasteRouter
  readonly subscribe: (onText: (text: string) => void) => () => void
  /** Attaches the reader when nobody held it; the result lets go, and the last one detaches it. */
  readonly retain: (attach: AttachReader) => () => void
}

const make = (): StdinHub => {
  const router = PasteRouter.make()
  const subscribers = new Set<(text: string) => void>()
  let holders = 0
  let detach: (() => void) | undefined
  return {
    router,
    subscribe: (onText) => {
      subscribers.add(onText)
      return () => {
        subscribers.delete(onText)
      }
    },
    retain: (attach) => {
      if (++holders === 1) {
        detach = attach((text) => {
          router.route(text, true)
          for (const onText of Array.from(subscribers)) onText(text)
        })
      }
      return () => {
        if (--holders > 0) return
        detach?.()
        detach = undefined
      }
    }
  }
}

// The number is the version of the interface above: copies that differ in it do not share.
const key = Symbol.for("effect-oauth-callback/StdinHub/1")

/** The hub of this process. */
export const hub = (): StdinHub => {
  const shared = globalThis as { [key]?: StdinHub }
  return shared[key] ??= make()
}
