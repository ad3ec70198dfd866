/**
 * Random bytes from the system, fetched for many at a time: one call costs as much for a thousand as for one.
 */

const pool = new Uint8Array(1024)
let used = pool.length

/** At most 1024 bytes, which nobody else gets, and which are not kept. */
export const randomBytes = (length: number): Uint8Array => {
  if (used + length > pool.length) {
    crypto.getRandomValues(pool)
    used = 0
  }
  const bytes = pool.slice(used, used + length)
  pool.fill(0, used, used += length)
  return bytes
}
