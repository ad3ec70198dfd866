/**
 * Every rejection of the async/await form has a tag, but for the reason of an abort and for what functions of the caller threw.
 */
import { tagged } from "../core/UnexpectedError.ts"

/** The reason that is its own error: what a caller aborted with. */
const isReason = (error: unknown, signal: AbortSignal | undefined): boolean =>
  signal?.aborted === true && signal.reason === error

/** Runs what opens something, none of whose errors can be of a function of the caller. */
export const guarded = async <A>(signal: () => AbortSignal | undefined, run: () => Promise<A>): Promise<A> => {
  let own: AbortSignal | undefined
  try {
    own = signal()
    return await run()
  } catch (error) {
    throw isReason(error, own) ? error : tagged(error)
  }
}
