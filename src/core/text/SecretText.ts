/**
 * Cuts secrets out of a text that a server wrote: it may repeat what it was sent, and write it another way.
 */
import { bytesOf, type Reading, readings } from "./Readings.ts"

/** A shorter text is not a secret, and cutting it out would make the rest unreadable. */
const minSecretLength = 4

/** How much of a text is searched, and shown of one that is longer: a secret that begins in there is found whole. */
const maxSearched = 20_000
const maxShown = 10_000

/** How much of a secret is looked for: the end of a longer one may be cut off. */
const maxSought = 1000

/** Marks the letters of the text in which a reading has a secret. */
const mark = ({ bytes, ends, starts }: Reading, secret: string, marks: Uint8Array): void => {
  const sought = secret.slice(0, maxSought)
  let end = 0
  for (let at = bytes.indexOf(sought); at >= 0; at = bytes.indexOf(sought, Math.max(at, end - sought.length) + 1)) {
    end = at + sought.length
    while (end < bytes.length && bytes[end] === secret[end - at]) end++
    marks.fill(1, starts[at], ends[end - 1])
  }
}

/**
 * The text with `***` in place of each secret: as it is, percent-encoded, escaped as JSON or HTML has it, in Base64 or
 * hexadecimal digits alone or with other text, broken into lines, and several of these at once. Of a text longer than
 * 20,000 letters the first 10,000 are left.
 */
export const withoutSecrets = (text: string, secrets: ReadonlyArray<string | undefined>): string => {
  // White space is also looked for as what it may have become: nothing.
  const searched = secrets.flatMap((secret = "") => [...new Set([secret, secret.replace(/\s/g, "")])])
    .filter(({ length }) => length >= minSecretLength)
    .map(bytesOf)
  if (searched.length === 0) return text
  const part = text.slice(0, maxSearched)
  const marks = new Uint8Array(part.length)
  for (const reading of readings(part)) {
    for (const secret of searched) mark(reading, secret, marks)
  }
  const end = part.length === text.length ? text.length : maxShown
  let clean = ""
  for (let at = 0; at < end;) {
    const isSecret = marks[at] === 1
    const start = at
    while (at < end && (marks[at] === 1) === isSecret) at++
    clean += isSecret ? "***" : part.slice(start, at)
  }
  return clean
}
