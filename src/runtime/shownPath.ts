import { printable } from "../core/text/SafeText.ts"

/** A path as messages show it: one printable line of at most 1,000 characters. */
export const shownPath = (path: string): string => printable(path, 1000)
