/** The result of `run`, or `undefined` when it throws: a stream, a signal or a file may be missing or not allowed. */
export const attempt = <A>(run: () => A): A | undefined => {
  try {
    return run()
  } catch {
    return undefined
  }
}
