/**
 * A mistake in a request that a program makes.
 */

/**
 * The `fetch` of a sign-in cannot send this: the URL is none, or the body of the `Request` was used already. A `TypeError`, as
 * of every `fetch`; tagged as the other rejections are.
 */
export class InvalidRequest extends TypeError {
  readonly _tag = "InvalidRequest"
  override readonly name = "InvalidRequest"
}
