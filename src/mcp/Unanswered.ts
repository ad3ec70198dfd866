/**
 * Requests to the MCP server whose answer has not begun: closing the sign-in ends them.
 */
import type { Closed } from "../core/mcp/Closed.ts"
import { onAbort } from "../effect/onAbort.ts"

/** The requests of one sign-in that wait for their answer. */
export interface Unanswered {
  /**
   * Has a request sent, with a signal that ends it: when `end` is called before its answer begins, and whenever the caller's
   * signal aborts. A body that streams goes on after `end`: it is the caller's.
   *
   * Rejects at once with the error of `end`, also where what sends does not heed signals.
   */
  readonly answer: (
    caller: AbortSignal | undefined,
    send: (signal: AbortSignal) => Promise<Response>
  ) => Promise<Response>
  /** Ends all requests, also those that come later. */
  readonly end: (error: Closed) => void
}

/**
 * Forgets the caller's signal when nobody can read the body any more: that signal may serve for a hundred thousand requests.
 * `AbortSignal.any` forgets nothing on Node 20.
 */
const whenUnread = new FinalizationRegistry<() => void>((forget) => forget())

/**
 * An aborter that aborts with the caller's signal, and what ends that. A function of its own: what waits for the signal must
 * not hold the promise of the answer, or else the body is never collected.
 */
const following = (caller: AbortSignal | undefined) => {
  const aborter = new AbortController()
  if (caller?.aborted === true) aborter.abort(caller.reason)
  const forget = caller === undefined ? undefined : onAbort(caller, () => aborter.abort(caller.reason))
  return { aborter, forget }
}

/** No requests. */
export const make = (): Unanswered => {
  const waiting = new Set<(error: Closed) => void>()
  let closed: Closed | undefined
  return {
    answer: (caller, send) =>
      new Promise((resolve, reject) => {
        if (closed !== undefined) return reject(closed)
        const { aborter, forget } = following(caller)
        const end = (error: Closed) => {
          reject(error)
          aborter.abort(error)
        }
        waiting.add(end)
        send(aborter.signal).then((response) => {
          const isWanted = waiting.delete(end)
          // A polyfill's response may have no `body`.
          const body = response.body ?? undefined
          if (!isWanted) void body?.cancel().catch(() => {})
          if (!isWanted || body === undefined) forget?.()
          else if (forget !== undefined) whenUnread.register(body, forget)
          resolve(response)
        }, (error) => {
          waiting.delete(end)
          forget?.()
          reject(error)
        })
      }),
    end: (error) => {
      closed = error
      const ends = [...waiting]
      waiting.clear()
      for (const each of ends) each(error)
    }
  }
}
