/**
 * A mistake in the program that signs in.
 */

/** `authorize` was called twice on one flow. A defect; tagged for those who see it as a rejected promise. */
export class AlreadyUsed extends Error {
  readonly _tag = "AlreadyUsed"
  override readonly name = "AlreadyUsed"
  constructor() {
    super("Cannot authorize twice with one flow. Open a new flow for another sign-in")
  }
}
