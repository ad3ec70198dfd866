/**
 * Standard input, shared by every flow of the process.
 *
 * stdin belongs to the process, so what shares it does too: one hub on `globalThis`, made of plain functions, serves every
 * copy of this package and every Effect runtime. stdin is read while a flow holds the hub, and otherwise not touched.
 */
import { holdsAnswer } from "../../core/paste/PastedText.ts"
import * as PasteRouter from "../../paste/PasteRouter.ts"

/** A reader that was started. */
export interface Reader {
  /** Stops it and leaves the stream as it was found. */
  readonly detach: () => void
  /** Whether text comes through it now. */
  readonly isReading: () => boolean
  /** Reads again where another part of the program had taken stdin and has let go of it. */
  readonly retry: () => void
}

/**
 * Starts a reader.
 *
 * @param onNothing Called when Enter was pressed without a text, and when the input ends. @default nothing is
 */
export type AttachReader = (onText: (text: string) => void, onNothing?: () => void) => Reader

/** One reader of stdin and who listens to it. */
export interface StdinHub {
  readonly router: PasteRouter.PasteRouter
  readonly subscribe: (onText: (text: string) => void) => () => void
  /** The first holder attaches the reader. The result lets go; the last one to let go detaches it. */
  readonly retain: (attach: AttachReader) => () => void
  /** Whether what a person types comes here now. */
  readonly isReading: () => boolean
  /**
   * The next text is an answer to a question, unless it may be the answer of an authorization server, which goes to the flow
   * that waits for it; an empty text where nothing is typed. The result takes the question back.
   */
  readonly ask: (onAnswer: (text: string) => void) => () => void
}

const make = (): StdinHub => {
  const router = PasteRouter.make()
  const subscribers = new Set<(text: string) => void>()
  const questions = new Set<(text: string) => void>()
  /** Gives a text to the question that was asked first. @returns whether there was one */
  const answer = (text: string): boolean => {
    const [first] = questions
    if (first === undefined || holdsAnswer(text)) return false
    questions.delete(first)
    first(text)
    return true
  }
  let holders = 0
  let reader: Reader | undefined
  return {
    router,
    subscribe: (onText) => {
      subscribers.add(onText)
      return () => {
        subscribers.delete(onText)
      }
    },
    retain: (attach) => {
      if (++holders > 1) reader?.retry()
      else {
        reader = attach((text) => {
          if (answer(text)) return
          router.route(text, true)
          for (const onText of Array.from(subscribers)) onText(text)
        }, () => void answer(""))
      }
      return () => {
        if (--holders > 0) return
        reader?.detach()
        reader = undefined
      }
    },
    isReading: () => reader?.isReading() === true,
    ask: (onAnswer) => {
      questions.add(onAnswer)
      return () => {
        questions.delete(onAnswer)
      }
    }
  }
}

// The number is the version of the interface above: copies that differ in it do not share.
const key = Symbol.for("effect-oauth-callback/StdinHub/3")

/** The hub of this process. */
export const hub = (): StdinHub => {
  const shared = globalThis as { [key]?: StdinHub }
  return shared[key] ??= make()
}
