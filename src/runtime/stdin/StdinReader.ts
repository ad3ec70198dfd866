/**
 * Reads this process's stdin while flows wait.
 */
import { fstatSync } from "node:fs"
import process from "node:process"
import { attempt } from "../attempt.ts"
import * as LineReader from "./LineReader.ts"
import type { AttachReader } from "./StdinHub.ts"
import * as TerminalOutput from "../terminal/TerminalOutput.ts"
import * as TerminalSignals from "../terminal/TerminalSignals.ts"
import { isForeground } from "../terminal/Foreground.ts"
import { hasEscapes } from "../terminal/ProcessSurroundings.ts"

/** How often it is checked whether the host, which reads stdin, has stopped. */
const retryMillis = 250

/** How often it is checked whether this process, in the background, has come to the foreground. */
const backgroundMillis = 1000

/** Whether the terminal was left in the background, where its mode must not be set: the stream has a mode that it has not. */
let hasLeftMode = false
/** Whether it was said that the terminal is not read. */
let hasToldWhy = false

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
export const attach: AttachReader = (onText, onNothing = () => {}) => {
  const { stdin } = process
  let detach: LineReader.Detach | undefined
  let stopWatchingSignals = () => {}
  let timer: ReturnType<typeof setTimeout> | undefined
  let hasEnded = false

  const stop = (keepsMode = false) => {
    clearTimeout(timer)
    // The terminal first: a signal may come between these steps.
    detach?.(keepsMode)
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
        if (text.trim() === "") onNothing()
        else onText(text)
      },
      end: () => {
        const wasOpen = !hasEnded
        hasEnded = true
        detach = undefined
        TerminalOutput.typed(0)
        onNothing()
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
    const again = (millis: number) => {
      // There is no event for the end of a host's prompt, nor for a program that comes to the foreground.
      timer = setTimeout(start, millis)
      timer.unref()
    }
    // A mode that was left behind in the background looks like that of a host.
    if (!hasLeftMode && LineReader.isTaken(stdin)) return again(retryMillis)
    const isAllowed = stdin.isTTY ? isForeground() : true
    if (isAllowed === undefined && !hasToldWhy) {
      hasToldWhy = true
      TerminalOutput.say(`${TerminalOutput.state().texts.terminalNotRead}\n`)
    }
    if (isAllowed !== true) return again(backgroundMillis)
    if (hasLeftMode) {
      attempt(() => stdin.setRawMode(false))
      hasLeftMode = false
      return start()
    }
    hasEnded = !isOpen()
    if (stdin.isTTY) stopWatchingSignals = TerminalSignals.watch(interrupted)
    read()
  }

  const stopListening = !stdin.isTTY ? () => {} : TerminalSignals.onContinued(() => {
    // The shell has its own mode there, and the system stops who sets one.
    const isBehind = detach !== undefined && isForeground() !== true
    if (isBehind) hasLeftMode = true
    stop(isBehind)
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
