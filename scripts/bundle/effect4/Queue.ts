/** Effect 4's `Queue` by the names of Effect 3. */
import * as Queue from "effect4/Queue"

export * from "effect4/Queue"

export const unsafeOffer: typeof Queue.offerUnsafe = Queue.offerUnsafe
