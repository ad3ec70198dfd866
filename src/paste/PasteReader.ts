/**
 * One reader of pasted text for all flows: it runs while a flow waits, and the router gives each text to the flow that it
 * is for.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { PasteRefused } from "../core/oauth/Refusal.ts"
import { ReleaseBudget } from "../core/ReleaseBudget.ts"
import { atMost } from "../effect/atMost.ts"
import * as OneAtATime from "../effect/OneAtATime.ts"
import * as PasteRouter from "./PasteRouter.ts"

/**
 * What a flow asks of whatever reads pasted text.
 *
 * @since 0.1.0
 * @category services
 */
export interface PasteReader {
  /** Every text from now on, while the scope is open. The reader is held for as long. */
  readonly lines: Effect.Effect<Queue.Dequeue<string>, never, Scope.Scope>
  /** Gives a text to the flow whose `state` it carries; fails with {@link PasteRefused} when there is none. */
  readonly submit: (text: string) => Effect.Effect<void, PasteRefused>
  /** Routes texts to a flow until the scope closes. This alone does not make the reader run. */
  readonly register: (flow: PasteRouter.WaitingFlow) => Effect.Effect<void, never, Scope.Scope>
  /** Has the reader run until the scope closes. */
  readonly hold: Effect.Effect<void, never, Scope.Scope>
  /** Whether a person can paste now; asked while the reader is held. */
  readonly available: Effect.Effect<boolean>
}

/** Where texts come from: something that hands each of them to the router and then to its subscribers. */
export interface PasteSource extends Pick<PasteReader, "available" | "hold"> {
  readonly router: PasteRouter.PasteRouter
  /** Calls back with every text; the result ends that. */
  readonly subscribe: (onText: (text: string) => void) => () => void
}

/** A reader over a source. */
export const fromSource = ({ available, hold, router, subscribe }: PasteSource): PasteReader => ({
  available,
  hold,
  lines: Effect.gen(function* () {
    const queue = yield* Effect.acquireRelease(Queue.unbounded<string>(), Queue.shutdown)
    yield* Effect.acquireRelease(
      Effect.sync(() => subscribe((text) => void Queue.unsafeOffer(queue, text))),
      (unsubscribe) => Effect.sync(unsubscribe)
    )
    yield* hold
    return queue
  }),
  submit: (text) =>
    Effect.suspend(() => Either.mapLeft(router.route(text, false), (reason) => new PasteRefused({ reason }))),
  register: (flow) =>
    Effect.asVoid(
      Effect.acquireRelease(Effect.sync(() => router.add(flow)), (remove) => Effect.sync(remove))
    )
})

/** Runs an effect in one fiber for as long as at least one scope holds it. The last one to close waits for its end. */
const shared = (run: Effect.Effect<void>): Effect.Effect<void, never, Scope.Scope> => {
  const { run: inTurn } = OneAtATime.make()
  let holders = 0
  let running: Fiber.RuntimeFiber<void> | undefined
  const acquire = Effect.gen(function* () {
    if (++holders === 1) running = yield* Effect.forkDaemon(Effect.interruptible(run))
  })
  const release = Effect.suspend(() =>
    --holders > 0 || running === undefined
      ? Effect.void
      // What cannot be stopped, such as an async generator that waits for its next line, must not hold a release.
      : atMost(ReleaseBudget.pasteReader, Fiber.interrupt(running))
  )
  return Effect.asVoid(Effect.acquireRelease(inTurn(acquire), () => inTurn(release)))
}

/** A reader over an effect that calls back with each text, runs until it is interrupted, and is started while a flow waits. */
export const make = (
  read: (onText: (text: string) => void) => Effect.Effect<void>,
  available: Effect.Effect<boolean> = Effect.succeed(true)
): PasteReader => {
  const router = PasteRouter.make()
  const subscribers = new Set<(text: string) => void>()
  return fromSource({
    available,
    router,
    subscribe: (onText) => {
      subscribers.add(onText)
      return () => subscribers.delete(onText)
    },
    hold: shared(read((text) => {
      router.route(text, true)
      for (const onText of Array.from(subscribers)) onText(text)
    }))
  })
}
