/** The one reference that our sources name; see `Runtime.deleteFiberRef`. */
export const interruptedCause = undefined
