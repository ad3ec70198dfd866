/**
 * Requests whose answer has not begun: closing the sign-in ends the wait for it.
 */
import type { Closed } from "../core/mcp/Closed.ts"

/** The requests of one sign-in that wait for their answer. */
export interface Unanswered {
  /**
   * Waits for the answer to a request. Rejects with the error of `end` when that comes first; an answer that comes after it is
   * given up. A body that streams goes on after `end`: it is the caller's.
   *
   * No signal is handed to what sends: that alone costs a request more than all of this package.
   */
  readonly answer: (sent: Promise<Response>) => Promise<Response>
  /** Ends the wait for all answers, also for those to later requests. */
  readonly end: (error: Closed) => void
}

/** No requests. */
export const make = (): Unanswered => {
  const waiting = new Set<(error: Closed) => void>()
  let closed: Closed | undefined
  return {
    answer: (sent) =>
      new Promise((resolve, reject) => {
        waiting.add(reject)
        sent.then((response) => {
          // A polyfill's response may have no `body`.
          if (waiting.delete(reject)) resolve(response)
          else void response.body?.cancel().catch(() => {})
        }, (error) => {
          waiting.delete(reject)
          reject(error)
        })
        if (closed !== undefined && waiting.delete(reject)) reject(closed)
      }),
    end: (error) => {
      closed = error
      const rejects = [...waiting]
      waiting.clear()
      for (const reject of rejects) reject(error)
    }
  }
}
