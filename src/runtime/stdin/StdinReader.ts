/**
 * Reads this process's stdin while flows wait.
 */
import { fstatSync } from "node:fs"
import process from "node:process"
import * as LineReader from "./LineReader.ts"
import type { AttachReader } from "./StdinHub.ts"
import * as TerminalOutput from "../terminal/TerminalOutput.ts"
import * as TerminalSignals from "../terminal/TerminalSignals.ts"
import { hasEscapes, isForeground } from "../terminal/ProcessSurroundings.ts"

/** How often it is checked whether the host, which reads stdin, has stopped. */
const retryMillis = 250

/** Long enough for a signal to take effect, short enough for a person not to notice. */
const signalMillis = 200

/** Whether text can come: stdin is neither closed nor /dev/null. */
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
 * While the host reads stdin itself, by a prompt or a REPL, it keeps its keystrokes: such a host passes text on with
 * `submit`, or provides a `PasteInput` over its own lines. When it starts to read later, this reader stops until the host
 * has stopped.
 */
export const attach: AttachReader = (onText) => {
  const { stdin } = process
  let detach: (() => void) | undefined
  let stopWatchingSignals = () => {}
  let timer: ReturnType<typeof setTimeout> | undefined
  let hasEnded = false

  const stop = () => {
    clearTimeout(timer)
    // The terminal first: a signal may come between these steps.
    detach?.()
    detach = undefined
    stopWatchingSignals()
    TerminalOutput.typed(0)
  }
  /** Gives the terminal back, lets a signal take effect, and reads on if the process is still there afterwards. */
  const interrupted = (raise?: () => void) => {
    stop()
    raise?.()
    // Deno ends by a signal a few turns of the event loop later, and the terminal must not be in raw mode then.
    timer = setTimeout(start, signalMillis)
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
        // When a terminal is closed, its signal arrives a few turns of the event loop later.
        timer = setTimeout(() => stopWatchingSignals(), signalMillis)
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
      // There is no event for the end of a host's prompt, nor for a program that comes to the foreground.
      timer = setTimeout(start, retryMillis)
      timer.unref()
      return
    }
    hasEnded = !isOpen()
    if (stdin.isTTY) stopWatchingSignals = TerminalSignals.watch({ ending: interrupted })
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
