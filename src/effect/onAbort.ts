/**
 * Being told of an abort, without a listener for each who waits.
 */

interface Waiting {
  readonly calls: Set<() => void>
  readonly listener: () => void
}

const waiting = new WeakMap<AbortSignal, Waiting>()

const listenTo = (signal: AbortSignal): Waiting => {
  const calls = new Set<() => void>()
  const listener = () => {
    waiting.delete(signal)
    for (const call of calls) call()
  }
  signal.addEventListener("abort", listener, { once: true })
  const made = { calls, listener }
  waiting.set(signal, made)
  return made
}

/**
 * Calls back when the signal aborts; never, when it has aborted already. The result takes that back.
 *
 * Each signal gets one listener, however many wait for it: a host may hand one signal to a hundred flows, and Node warns
 * of a leak at the eleventh listener.
 */
export const onAbort = (signal: AbortSignal, callback: () => void): () => void => {
  const { calls, listener } = waiting.get(signal) ?? listenTo(signal)
  // A function of its own, so that one callback may wait twice.
  const call = () => callback()
  calls.add(call)
  return () => {
    if (!calls.delete(call) || calls.size > 0) return
    signal.removeEventListener("abort", listener)
    waiting.delete(signal)
  }
}
