/**
 * Writes to stderr; stdout belongs to the host program.
 *
 * What stands on the terminal is known once for the whole process: the status line with the number of typed characters,
 * into which no message may be written, and the sign-ins that wait.
 */
import process from "node:process"
import { Texts } from "../../core/terminal/Texts.ts"
import { hasEscapes } from "./ProcessSurroundings.ts"

/** What is on the terminal, for every copy of this package in the process. */
export interface TerminalState {
  /** The sentences of the presenter that last showed something. */
  texts: Texts
  /** Whether a person can paste, as that presenter was told. */
  paste: boolean
  /** Whether a screen was written last, which ends in a blank line. */
  afterScreen: boolean
  /** The line at the cursor, without a line break: how many characters were typed. */
  status: string
  /** The sign-ins that have not ended, by their id, and whether their turn has come. */
  readonly waiting: Map<string, { readonly name: string; readonly isShown: boolean }>
  /** Names of the sign-ins that succeeded while others waited. */
  done: Array<string>
  /** Names of the sign-ins that were cancelled, and of which it was not said yet. */
  cancelled: Array<string>
  /** The last line about the sign-ins that wait. */
  overview: string
  /** Ids of the sign-ins whose answer was pasted, and that have not ended. */
  readonly answered: Set<string>
}

// The number is the version of `TerminalState`: copies of this package with different versions do not share it.
const key = Symbol.for("effect-oauth-callback/TerminalState/2")

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
    cancelled: [],
    overview: "",
    answered: new Set()
  }
}

let pendingWrites = 0
const ignore = () => {}

/** Writes text. An error is ignored: a terminal that was closed must not end a sign-in whose browser may be open. */
export const write = (text: string): void => {
  const { stderr } = process
  const end = () => {
    if (--pendingWrites === 0) stderr.off("error", ignore)
  }
  if (pendingWrites++ === 0) stderr.on("error", ignore)
  try {
    // The error event comes a few turns of the event loop after the callback.
    stderr.write(text, () => void setImmediate(end))
  } catch {
    end()
  }
}

// Moves the cursor to the first column, and erases the line.
const eraseLine = "\r\u001b[K"

/** Writes whole lines above the status line. */
export const say = (lines: string): void => {
  const terminal = state()
  const { status } = terminal
  terminal.afterScreen = false
  write(status === "" ? lines : `${eraseLine}${lines}${status}`)
}

/** Writes lines with a blank one before and after them. */
export const screen = (lines: string): void => {
  const terminal = state()
  say(`${terminal.afterScreen ? "" : "\n"}${lines}\n`)
  terminal.afterScreen = true
}

/** Shows how many characters have been typed or pasted; the characters themselves are never shown. */
export const typed = (characters: number): void => {
  if (!hasEscapes()) return
  const terminal = state()
  const text = characters === 0 ? "" : terminal.texts.typed(characters).slice(0, (process.stderr.columns || 80) - 1)
  if (text === terminal.status) return
  terminal.status = text
  write(eraseLine + text)
}
