/**
 * Reads `Retry-After`: when a busy server wants to be asked again (RFC 9110 section 10.2.3).
 */

/**
 * For how many milliseconds a server can keep this program from asking: ten minutes. One that says "tomorrow" by mistake
 * does not lock a person out for a day.
 */
const longestMillis = 600_000

/** A date as HTTP writes it (RFC 9110 section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`. */
const date = /^[A-Za-z]{3}, \d{2} [A-Za-z]{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/** The statuses that say "not now": too many requests (RFC 6585 section 4), and not available (RFC 9110 section 15.6.4). */
const isBusy = (status: number): boolean => status === 429 || status === 503

/**
 * When to ask again, in milliseconds since 1970-01-01 UTC. @returns `undefined` where the server does not say, or has said
 * it of a time that is over.
 *
 * @param header The value of `Retry-After`: seconds, or a date.
 * @param now Milliseconds since 1970-01-01 UTC.
 * @param parseDate `Date.parse`. It is given, because `core` uses nothing of `Date`.
 */
export const read = (
  status: number,
  header: string | null,
  now: number,
  parseDate: (text: string) => number
): number | undefined => {
  const text = (header ?? "").trim()
  if (!isBusy(status)) return undefined
  const until = /^\d+$/.test(text) ? now + Number(text) * 1000 : date.test(text) ? parseDate(text) : Number.NaN
  return until > now ? Math.min(until, now + longestMillis) : undefined
}

const twoDigits = (number: number): string => String(number).padStart(2, "0")

/** The time for people, by the clock of UTC, such as "12:03:20 UTC". It is less than a day away. */
export const clockTime = (millis: number): string => {
  const seconds = Math.ceil(millis / 1000)
  const parts = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
  return `${parts.map(twoDigits).join(":")} UTC`
}
