/**
 * Cutting secrets out of a text that a server wrote: it may repeat what it was sent.
 */

/** Shorter ones are no secret, and cutting them out would leave the text unreadable. */
const shortest = 4

/** A form writes some letters in another way than a URL, and servers write escapes in either case. */
const spellings = (secret: string): ReadonlyArray<string> => {
  // Half a surrogate pair has no escape.
  const whole = secret.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD")
  const escaped = [encodeURIComponent(whole), new URLSearchParams([["", whole]]).toString().slice(1)]
  return [secret, ...escaped, ...escaped.map((each) => each.replace(/%../g, (escape) => escape.toLowerCase()))]
}

/** The text with `***` in place of each secret, however it is spelled. */
export const withoutSecrets = (text: string, secrets: ReadonlyArray<string | undefined>): string =>
  secrets
    .filter((secret) => secret !== undefined && secret.length >= shortest)
    // One may be the beginning of another.
    .sort((left = "", right = "") => right.length - left.length)
    .flatMap((secret = "") => spellings(secret))
    .reduce((clean, spelling) => clean.replaceAll(spelling, "***"), text)
