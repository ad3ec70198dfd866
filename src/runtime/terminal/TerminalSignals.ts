/**
 * The ends of a process that must not leave a terminal in raw mode.
 *
 * Node and Deno restore the mode at some of them, neither at all of them, and nobody takes back what the terminal was
 * asked for. A listener changes what a signal does, so there is one only while the terminal is raw.
 */
import process from "node:process"

/** What ends a process that does not listen. Node starts its debugger at SIGUSR1, where Deno ends. */
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

/** What is called at an end. */
export interface Watcher {
  /**
   * The process is about to end, or may be: give the terminal back, stop watching, and then take the signal up again by
   * `raise`, where nobody else listens to it.
   */
  readonly ending: (raise?: () => void) => void
}

const attempt = (effect: () => unknown): void => {
  try {
    effect()
  } catch {
    // A signal that this system does not know.
  }
}

/** Windows can deliver no signal to a listener, so the listeners are called there. */
const send = (pid: number, signal: NodeJS.Signals): void => {
  if (process.platform === "win32" && process.listenerCount(signal) > 0) process.emit(signal)
  else process.kill(pid, signal)
}

/** Sends this process a signal again. */
const raise = (signal: NodeJS.Signals): void => attempt(() => send(process.pid, signal))

/** Does what a terminal does at ^C, ^\ and ^Z: the whole group that has it gets the signal, a script around it too. */
export const press = (signal: NodeJS.Signals): void => {
  try {
    send(0, signal)
  } catch {
    raise(signal)
  }
}

/**
 * Calls back when the process was stopped and goes on, perhaps in the foreground now; its terminal may have been given
 * another mode meanwhile. The result stops it. Do not stop and start it within `listener`: Deno delivers the same signal to
 * one that is put on meanwhile, for ever.
 */
export const onContinued = (listener: () => void): () => void => {
  attempt(() => process.on("SIGCONT", listener))
  return () => attempt(() => process.off("SIGCONT", listener))
}

/** Watches for every end but SIGKILL; the result stops it. */
export const watch = ({ ending }: Watcher): () => void => {
  // Deno calls the host's listeners first, and one that takes itself off would look like none.
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
      // Also where the host listens: it may end the process by a signal again, if it finds itself the only one to listen.
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
