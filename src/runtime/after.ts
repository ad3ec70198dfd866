/**
 * A timer for plain callbacks that does not overtake what has already arrived; `effect/timeLimit.ts` is the same for Effects.
 */

/** So many turns of the event loop read what lay in a socket, a pipe or a terminal. */
const turns = 2
/** Milliseconds of each turn, at least. */
const turnMillis = 2

/**
 * Calls back once, when so many milliseconds are over, by the machine's clock.
 *
 * A process that was stopped, or blocked by its host, runs its timers first when it goes on, and reads only then what came
 * meanwhile. So the last milliseconds are some turns of the event loop.
 *
 * @returns what cancels it.
 */
export const after = (millis: number, callback: () => void): () => void => {
  let turn = 0
  const next = () => {
    if (turn === turns) return callback()
    turn++
    timer = setTimeout(next, turnMillis)
  }
  let timer = setTimeout(next, Math.max(0, millis - turns * turnMillis))
  return () => clearTimeout(timer)
}
