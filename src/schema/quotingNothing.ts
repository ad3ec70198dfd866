/**
 * What a codec says of a value that it refuses: what it wanted, and nothing of the value.
 */

/**
 * Annotations of a schema. What cannot be read may hold a secret, and may be of any length, so nothing of it is quoted in the
 * `ParseError`.
 */
export const quotingNothing = (what: string): {
  readonly identifier: string
  readonly message: () => { readonly message: string; readonly override: true }
} => ({
  identifier: what,
  message: () => ({
    message: `Expected ${what}. What there is instead is not shown, because it may hold a secret`,
    override: true
  })
})
