/** The `Mailbox` of Effect 3: a `Queue` of Effect 4, which can end. */
import type * as Cause from "effect4/Cause"
import * as Effect from "effect4/Effect"
import type * as Exit from "effect4/Exit"
import * as Queue from "effect4/Queue"
import * as Stream from "effect4/Stream"

type Ending<A, E> = Queue.Queue<A, E | Cause.Done>

/** With methods, as in Effect 3. */
export interface Mailbox<A, E = never> {
  readonly queue: Ending<A, E>
  readonly end: Effect.Effect<boolean>
  readonly offer: (message: A) => Effect.Effect<boolean>
  readonly take: Effect.Effect<A, E | Cause.Done>
  readonly unsafeDone: (exit: Exit.Exit<void, E>) => boolean
  readonly unsafeOffer: (message: A) => boolean
  readonly unsafeOfferAll: (messages: Iterable<A>) => ReadonlyArray<A>
}

export const make = <A, E = never>(
  options?: { readonly capacity?: number; readonly strategy?: "suspend" | "dropping" | "sliding" }
): Effect.Effect<Mailbox<A, E>> =>
  Effect.map(Queue.make<A, E | Cause.Done>(options), (queue) => ({
    queue,
    end: Queue.end(queue),
    offer: (message) => Queue.offer(queue, message),
    take: Queue.take(queue),
    unsafeDone: (exit) => exit._tag === "Success" ? Queue.endUnsafe(queue) : Queue.failCauseUnsafe(queue, exit.cause),
    unsafeOffer: (message) => Queue.offerUnsafe(queue, message),
    unsafeOfferAll: (messages) => Queue.offerAllUnsafe(queue, messages)
  }))

export const toStream = <A, E>({ queue }: Mailbox<A, E>): Stream.Stream<A, E> =>
  Stream.fromQueue(queue) as Stream.Stream<A, E>
