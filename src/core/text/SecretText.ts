/**
 * Cuts secrets out of a text that a server wrote: it may repeat what it was sent.
 */

/** A shorter text is not a secret, and cutting it out would make the rest unreadable. */
const minSecretLength = 4

/** A secret as it is, and percent-encoded: forms encode some characters differently from URLs, and servers use either case. */
const spellings = (secret: string): ReadonlyArray<string> => {
  // A lone surrogate cannot be percent-encoded.
  const whole = secret.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD")
  const escaped = [encodeURIComponent(whole), new URLSearchParams([["", whole]]).toString().slice(1)]
  return [secret, ...escaped, ...escaped.map((each) => each.replace(/%../g, (escape) => escape.toLowerCase()))]
}

/** The text with `***` in place of each secret, also where it is percent-encoded. */
export const withoutSecrets = (text: string, secrets: ReadonlyArray<string | undefined>): string =>
  secrets
    .filter((secret) => secret !== undefined && secret.length >= minSecretLength)
    // The longest first: one secret may be the beginning of another.
    .sort((left = "", right = "") => right.length - left.length)
    .flatMap((secret = "") => spellings(secret))
    .reduce((clean, spelling) => clean.replaceAll(spelling, "***"), text)
