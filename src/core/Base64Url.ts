/**
 * Bytes as text that is safe in a URL.
 */

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/** Base64url without padding (RFC 4648 section 5). */
export const base64url = (bytes: Uint8Array): string => {
  let text = ""
  for (let index = 0; index < bytes.length; index += 3) {
    const [first = 0, second = 0, third = 0] = [bytes[index], bytes[index + 1], bytes[index + 2]]
    const word = (first << 16) | (second << 8) | third
    const digits = Math.min(4, Math.ceil(((bytes.length - index) * 8) / 6))
    for (let digit = 0; digit < digits; digit++) text += alphabet[(word >> (18 - 6 * digit)) & 63]
  }
  return text
}
