/** Fibers of Effect 4 have numbers; nobody is `undefined`. */
export const none: undefined = undefined
