/** Fibers of Effect 4 have numbers, and `undefined` is none of them. */
export const none: undefined = undefined
