/** The one flag that our sources name. */
export const Interruption = "Interruption"
