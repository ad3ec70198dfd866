/**
 * Waits for a promise at most so many milliseconds, and does not care how it ends. By the machine's clock: a test's clock
 * that stands still must not hold a release.
 */
export const within = (millis: number, promise: Promise<unknown>): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, millis)
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    promise.then(done, done)
  })
