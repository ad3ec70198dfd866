/**
 * How long a pasted text is, and how long it may be.
 */

/**
 * Longest text read, in UTF-16 code units: four times the longest address a browser is known to give. A longer text is
 * something else from the clipboard.
 */
export const maxPasteLength: number = 64 * 1024

/** How many characters a text has, not counting line breaks: they may be where an address was wrapped. */
export const charactersIn = (text: string): number => text.length - (text.match(/[\r\n]/g)?.length ?? 0)
