/**
 * Writing to stderr, for stdout belongs to the host program. What shares the terminal is shared by the whole process: the
 * line that says how much was typed, which a message must not be written into, and the sign-ins that wait.
 */
import process from "node:process"
import { Texts } from "../../core/terminal/Texts.ts"
import { hasEscapes } from "./ProcessSurroundings.ts"

/** What is on the terminal, for every copy of this package in the process. */
export interface TerminalState {
  /** The sentences of the presenter that showed something last. */
  texts: Texts
  /** Whether that presenter was told that a person can paste. */
  paste: boolean
  /** Whether the last that was written is a screen, with a blank line at its end. */
  afterScreen: boolean
  /** The line that stands at the cursor without a line break. */
  status: string
  /** The sign-ins that have not ended, by their id, and whether their turn has come. */
  readonly waiting: Map<string, { readonly name: string; readonly isShown: boolean }>
  /** Those that were done while others waited. */
  done: Array<string>
  /** The sign-ins that were said to have their answer, and have not ended. */
  readonly answered: Set<string>
}

// The number is the version of the interface above.
const key = Symbol.for("effect-oauth-callback/TerminalState/1")

/** The state of this process's terminal. */
export const state = (): TerminalState => {
  const shared = globalThis as { [key]?: TerminalState }
  return shared[key] ??= {
    texts: Texts.english,
    paste: false,
    afterScreen: false,
    status: "",
    waiting: new Map(),
    done: [],
    answered: new Set()
  }
}

let writing = 0
const ignore = () => {}

/** Writes as it is. A terminal that went away ends no sign-in: the browser may be open already. */
export const write = (text: string): void => {
  const { stderr } = process
  const end = () => {
    if (--writing === 0) stderr.off("error", ignore)
  }
  if (writing++ === 0) stderr.on("error", ignore)
  try {
    // The event comes some turns after the callback.
    stderr.write(text, () => void setImmediate(end))
  } catch {
    end()
  }
}

// Back to the first column, and everything from there on is erased.
const erase = "\r\u001b[K"

/** Writes whole lines above the status line. */
export const say = (lines: string): void => {
  const terminal = state()
  const { status } = terminal
  terminal.afterScreen = false
  write(status === "" ? lines : `${erase}${lines}${status}`)
}

/** Writes lines with a blank one before and after them. */
export const screen = (lines: string): void => {
  const terminal = state()
  say(`${terminal.afterScreen ? "" : "\n"}${lines}\n`)
  terminal.afterScreen = true
}

/** Says how many characters stand in the line that is being typed; their letters are never shown. */
export const typed = (characters: number): void => {
  if (!hasEscapes()) return
  const terminal = state()
  const text = characters === 0 ? "" : terminal.texts.typed(characters).slice(0, (process.stderr.columns || 80) - 1)
  if (text === terminal.status) return
  terminal.status = text
  write(erase + text)
}
