/**
 * Signals and other ends of a process, at which a terminal must not stay in raw mode.
 *
 * Node and Deno restore the mode at some of them, but not at all, and neither of them turns off the marking of pastes. A
 * listener changes what a signal does, so one is installed only while the terminal is in raw mode.
 */
import process from "node:process"
import { attempt } from "../attempt.ts"

/** Signals that end a process without a listener. At SIGUSR1 Node starts its debugger, and Deno ends. */
const endings: ReadonlyArray<NodeJS.Signals> = [
  "SIGINT",
  "SIGTERM",
  "SIGHUP",
  "SIGQUIT",
  "SIGALRM",
  "SIGUSR2",
  "SIGVTALRM",
  "SIGXCPU",
  ..."Deno" in globalThis ? ["SIGUSR1" as const] : []
]

/** Windows cannot deliver a signal to a listener, so the listeners are called instead. */
const send = (pid: number, signal: NodeJS.Signals): void => {
  if (process.platform === "win32" && process.listenerCount(signal) > 0) process.emit(signal)
  else process.kill(pid, signal)
}

/** Sends this process a signal again. */
const raise = (signal: NodeJS.Signals): void => {
  attempt(() => send(process.pid, signal))
}

/**
 * Does what a terminal in line mode does at ^C, ^\ and ^Z: it sends the signal to its whole foreground process group, so
 * also to a script that started this program.
 */
export const press = (signal: NodeJS.Signals): void => {
  try {
    send(0, signal)
  } catch {
    raise(signal)
  }
}

/**
 * Calls back when the process was stopped and continues, perhaps now in the foreground; the shell may have changed the
 * mode of the terminal in between. The result stops it. Do not stop and start it within `listener`: Deno delivers the same
 * signal again to a listener that is added during the call, without end.
 */
export const onContinued = (listener: () => void): () => void => {
  attempt(() => process.on("SIGCONT", listener))
  return () => {
    attempt(() => process.off("SIGCONT", listener))
  }
}

/**
 * Watches for every end of the process but SIGKILL; the result stops it.
 *
 * @param ending - The process is about to end, or may be: give the terminal back, stop watching, and then call `raise`, if it
 * is given. It sends the signal again, and is not given when the host listens to that signal.
 */
export const watch = (ending: (raise?: () => void) => void): () => void => {
  // Deno calls the host's listeners first; one that removes itself must still count as a listener.
  let hasJustLeft = false
  const onRemoved = (event: string | symbol) => {
    if (!(endings as ReadonlyArray<unknown>).includes(event)) return
    hasJustLeft = true
    queueMicrotask(() => {
      hasJustLeft = false
    })
  }
  const listeners = endings.map((signal) => {
    const listener = () => {
      // `ending` is called in any case: a host that finds itself the only listener may send the signal again.
      const isHandled = process.listenerCount(signal) > 1 || hasJustLeft
      ending(isHandled ? undefined : () => raise(signal))
    }
    return [signal, listener] as const
  })
  const onEnd = () => ending()
  const stop = () => {
    process.off("removeListener", onRemoved)
    process.off("exit", onEnd)
    process.off("uncaughtExceptionMonitor", onEnd)
    for (const [signal, listener] of listeners) attempt(() => process.off(signal, listener))
  }
  for (const [signal, listener] of listeners) attempt(() => process.prependListener(signal, listener))
  process.on("exit", onEnd)
  process.on("uncaughtExceptionMonitor", onEnd)
  process.on("removeListener", onRemoved)
  return stop
}
