/** The error of the demo. */

/** A step of the demo failed; the message is for the person who runs it. */
export class DemoError extends Error {
  readonly _tag = "DemoError"

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = "DemoError"
  }
}
