/**
 * Bytes as text that is safe in a URL.
 */

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
const digits = Uint8Array.from(alphabet, (digit) => digit.charCodeAt(0))

/** Base64url without padding (RFC 4648 section 5). */
export const base64url = (bytes: Uint8Array): string => {
  const codes = new Uint8Array(Math.ceil((bytes.length * 8) / 6))
  for (let from = 0, to = 0; to < codes.length; from += 3) {
    const word = ((bytes[from] ?? 0) << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0)
    for (let shift = 18; shift >= 0 && to < codes.length; shift -= 6) codes[to++] = digits[(word >> shift) & 63] ?? 0
  }
  // In one step: a text that grew letter by letter stays a tree of its pieces.
  return String.fromCharCode(...codes)
}
