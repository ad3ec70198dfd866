/** See `Runtime.disableRuntimeFlag`. */
export const Interruption = "Interruption"
