/**
 * Waiting for a promise for a bounded time.
 */
import { after } from "../after.ts"

/**
 * Waits for a promise at most so many milliseconds, and does not care how it ends. By the machine's clock: a test's clock
 * that stands still must not hold a release.
 */
export const within = (millis: number, promise: Promise<unknown>): Promise<void> =>
  new Promise((resolve) => {
    const cancel = after(millis, resolve)
    const done = () => {
      cancel()
      resolve()
    }
    promise.then(done, done)
  })
