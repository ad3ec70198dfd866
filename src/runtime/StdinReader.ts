/**
 * Reads this process's stdin while flows wait.
 */
import process from "node:process"
import * as LineReader from "./LineReader.ts"
import type { AttachReader } from "./StdinHub.ts"

// Long enough for a signal to take effect, short enough for a person not to notice.
const surviveMillis = 200

/**
 * Starts reading stdin, calling back with what was pasted in one go; the result stops it.
 *
 * Where somebody else reads stdin already, a prompt or a REPL, the keystrokes stay theirs: such a host passes text on by
 * `submit`, or gives a line source of its own.
 */
export const attach: AttachReader = (onText) => {
  let detach = () => {}
  let timer: ReturnType<typeof setTimeout> | undefined
  const start = () => {
    if (LineReader.isTaken(process.stdin)) return
    detach = LineReader.attach(process.stdin, process.stderr, {
      block: (text) => {
        if (text.trim() !== "") onText(text)
      },
      end: () => {},
      signal: (signal) => {
        // The terminal first: Deno does not restore it when it dies of a signal.
        detach()
        process.kill(process.pid, signal)
        // Who survives the signal reads on. Deno dies of it some turns later, and must not find the terminal taken again.
        timer = setTimeout(start, surviveMillis)
      }
    })
  }
  start()
  return () => {
    clearTimeout(timer)
    detach()
  }
}
