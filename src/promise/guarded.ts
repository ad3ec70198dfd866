/**
 * Every rejection of the async/await form has a tag, but for the reason of an abort and for what functions of the caller threw.
 */
import { tagged } from "../core/UnexpectedError.ts"

/** Whether an error is the reason that the caller aborted with. */
const isReason = (error: unknown, signal: AbortSignal | undefined): boolean =>
  signal?.aborted === true && signal.reason === error

/** Runs what opens something. No error of it is what a function of the caller threw, so each one gets a tag. */
export const guarded = async <A>(signal: () => AbortSignal | undefined, run: () => Promise<A>): Promise<A> => {
  let own: AbortSignal | undefined
  try {
    own = signal()
    return await run()
  } catch (error) {
    throw isReason(error, own) ? error : tagged(error)
  }
}
