/** The one flag that our sources name. */
export const Interruption = "Interruption"

/** See `Runtime.make`. */
export const enable = (_flags: undefined, _flag: "Interruption"): undefined => undefined
