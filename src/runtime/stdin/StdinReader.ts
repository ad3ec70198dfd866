/**
 * Reads this process's stdin while flows wait.
 */
import { fstatSync } from "node:fs"
import process from "node:process"
import * as LineReader from "./LineReader.ts"
import type { AttachReader } from "../StdinHub.ts"
import * as TerminalOutput from "../terminal/TerminalOutput.ts"
import * as TerminalSignals from "../terminal/TerminalSignals.ts"
import { hasEscapes, isForeground } from "../terminal/ProcessSurroundings.ts"

// How soon a terminal that a host has read for a while is read here again.
const retryMillis = 250

// Long enough for a signal to take effect, short enough for a person not to notice.
const surviveMillis = 200

/** Whether a person, or a script, can be at the other end: not of /dev/null. */
const isOpen = (): boolean => {
  const { stdin } = process
  if (stdin.destroyed || stdin.readableEnded || stdin.closed) return false
  if (stdin.isTTY) return true
  try {
    return !fstatSync(0).isCharacterDevice()
  } catch {
    return true
  }
}

/**
 * Starts reading stdin, calling back with what was pasted in one go.
 *
 * Where somebody else reads stdin already, a prompt or a REPL, the keystrokes stay theirs: such a host passes text on by
 * `submit`, or gives a line source of its own. Where somebody begins to, stdin is theirs until they let go.
 */
export const attach: AttachReader = (onText) => {
  const { stdin } = process
  let detach: (() => void) | undefined
  let unwatch = () => {}
  let timer: ReturnType<typeof setTimeout> | undefined
  let hasEnded = false

  const stop = () => {
    clearTimeout(timer)
    // The terminal first: a signal may come in between.
    detach?.()
    detach = undefined
    unwatch()
    TerminalOutput.typed(0)
  }
  /** Gives the terminal back, lets a signal have its way, and reads on if the process survives it. */
  const interrupted = (raise?: () => void) => {
    stop()
    raise?.()
    // Deno dies of a signal some turns later, and must not find the terminal taken again.
    timer = setTimeout(start, surviveMillis)
  }
  const read = () => {
    detach = LineReader.attach(stdin, hasEscapes() ? TerminalOutput : undefined, {
      block: (text) => {
        if (text.trim() !== "") onText(text)
      },
      end: () => {
        const wasOpen = !hasEnded
        hasEnded = true
        detach = undefined
        TerminalOutput.typed(0)
        // A terminal that goes away sends its signal some turns later.
        timer = setTimeout(() => unwatch(), surviveMillis)
        timer.unref()
        const { paste, texts, waiting } = TerminalOutput.state()
        if (wasOpen && paste && waiting.size > 0) TerminalOutput.say(`${texts.pasteClosed}\n`)
      },
      signal: (signal) => interrupted(() => TerminalSignals.press(signal)),
      typed: TerminalOutput.typed,
      taken: () => {
        stop()
        timer = setTimeout(start, retryMillis)
        timer.unref()
      }
    })
  }
  const start = () => {
    clearTimeout(timer)
    if (detach !== undefined || hasEnded) return
    if (LineReader.isTaken(stdin) || (stdin.isTTY && !isForeground())) {
      // No event tells that a host which asks something meanwhile has its answer, or that the program comes to the front.
      timer = setTimeout(start, retryMillis)
      timer.unref()
      return
    }
    hasEnded = !isOpen()
    if (stdin.isTTY) unwatch = TerminalSignals.watch({ ending: interrupted })
    read()
  }

  const stopListening = !stdin.isTTY ? () => {} : TerminalSignals.onContinued(() => {
    stop()
    start()
  })
  start()
  return {
    detach: () => {
      stop()
      stopListening()
    },
    isReading: () => detach !== undefined && !hasEnded,
    retry: start
  }
}
