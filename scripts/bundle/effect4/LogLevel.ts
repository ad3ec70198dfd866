/** A bundle logs nothing; see `Effect.logDebug`. */
export const Debug = 0
export const lessThanEqual = (self: number, that: number): boolean => self <= that
