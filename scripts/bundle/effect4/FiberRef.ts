/** See `Runtime.deleteFiberRef`. */
export const interruptedCause = undefined
/** Above Debug. */
export const currentMinimumLogLevel: number = 1
