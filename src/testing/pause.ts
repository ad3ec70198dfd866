/**
 * Waits of the test servers, which end early when the client or the server goes away.
 */
import type { ServerResponse } from "node:http"

/** Waits until `start` is called back or the response can no longer be sent; `start` gives what stops its own wait. */
export const unlessGone = (
  response: ServerResponse,
  start: (done: () => void) => (() => void) | void
): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      stop?.()
      response.off("close", done)
      resolve()
    }
    response.once("close", done)
    const stop = start(done)
  })

/** Waits for a time, by the timers that the test has, which may be faked; not at all for 0. */
export const pause = async (millis: number, response: ServerResponse): Promise<void> => {
  if (millis <= 0) return
  await unlessGone(response, (done) => {
    const timer = setTimeout(done, millis)
    return () => clearTimeout(timer)
  })
}
