/** See `Runtime.deleteFiberRef`. */
export const interruptedCause = undefined
