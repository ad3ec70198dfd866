/**
 * A {@link PasteInput} over whatever calls back with text: one reader for all flows, held while one of them waits.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import { identity } from "effect/Function"
import * as Queue from "effect/Queue"
import { PasteRefused } from "../core/oauth/Refusal.ts"
import { acquire } from "../services/acquire.ts"
import type { PasteInput } from "../services/PasteInput.ts"
import * as PasteRouter from "./PasteRouter.ts"

/** A reader that calls back, shared by counting who holds it. */
export interface PasteSource {
  readonly router: PasteRouter.PasteRouter
  /** Calls back with every block of text; the result stops it. */
  readonly subscribe: (onText: (text: string) => void) => () => void
  /** Holds the reader until the effect it gives has run. */
  readonly hold: Effect.Effect<Effect.Effect<void>>
  /** Whether a person can paste now. */
  readonly available: Effect.Effect<boolean>
}

/** The service over a source. */
export const fromSource = ({ available, hold, router, subscribe }: PasteSource): Required<PasteInput> => ({
  available,
  hold,
  lines: Effect.zipLeft(
    Effect.map(
      acquire(
        Effect.map(Queue.unbounded<string>(), (queue) => ({
          queue,
          unsubscribe: subscribe((text) => Queue.unsafeOffer(queue, text))
        })),
        ({ queue, unsubscribe }) => Effect.zipRight(Effect.sync(unsubscribe), Queue.shutdown(queue))
      ),
      ({ queue }) => queue
    ),
    acquire(hold, identity)
  ),
  submit: (text) =>
    Effect.suspend(() =>
      Either.match(router.route(text, false), {
        onLeft: (reason) => Effect.fail(new PasteRefused({ reason })),
        onRight: () => Effect.void
      })
    ),
  register: (flow) => Effect.sync(() => Effect.sync(router.add(flow)))
})

// A source that cannot be stopped, such as an async generator that waits for its next line, must not hold a release. The
// runtime's own timer: a test's clock that stands still must not either.
const stopMillis = 300

const stop = (fiber: Fiber.RuntimeFiber<void>): Effect.Effect<void> =>
  Effect.async((resume) => {
    const timer = setTimeout(() => resume(Effect.void), stopMillis)
    fiber.addObserver(() => {
      clearTimeout(timer)
      resume(Effect.void)
    })
    Effect.runSync(Fiber.interruptAsFork(fiber, FiberId.none))
  })

/** Runs an effect in one fiber while at least one holds it; the last one to let go waits until it has ended. */
const sharedFiber = (run: Effect.Effect<void>): Effect.Effect<Effect.Effect<void>> => {
  const lock = Effect.unsafeMakeSemaphore(1)
  let holders = 0
  let fiber: Fiber.RuntimeFiber<void> | undefined
  const retain = Effect.suspend(() =>
    ++holders > 1 ? Effect.void : Effect.map(Effect.forkDaemon(Effect.interruptible(run)), (started) => {
      fiber = started
    })
  )
  const release = Effect.suspend(() => --holders > 0 || fiber === undefined ? Effect.void : stop(fiber))
  return Effect.as(lock.withPermits(1)(retain), lock.withPermits(1)(release))
}

const routed = new WeakMap<PasteInput, Required<PasteInput>>()

/** A service that only has `lines` and `submit`, with the routing that flows need: one reader for all of its flows. */
export const withRouting = (paste: PasteInput): Required<PasteInput> => {
  const known = routed.get(paste)
  if (known !== undefined) return known
  const available = paste.available ?? Effect.succeed(true)
  const { hold, register } = paste
  if (hold !== undefined && register !== undefined) return { ...paste, available, hold, register }
  const router = PasteRouter.make()
  const read = Effect.flatMap(
    paste.lines,
    (queue) => Effect.forever(Effect.map(Queue.take(queue), (text) => router.route(text, true)))
  )
  const complete = fromSource({
    available,
    router,
    subscribe: () => () => {},
    hold: sharedFiber(Effect.scoped(read))
  })
  routed.set(paste, complete)
  return complete
}

/** Text from an effect that calls back with what was pasted in one go, and runs while a flow waits. */
export const fromReader = (
  read: (onTexts: (texts: Iterable<string>) => void) => Effect.Effect<void>
): Required<PasteInput> => {
  const router = PasteRouter.make()
  const subscribers = new Set<(text: string) => void>()
  return fromSource({
    available: Effect.succeed(true),
    router,
    subscribe: (onText) => {
      subscribers.add(onText)
      return () => subscribers.delete(onText)
    },
    hold: sharedFiber(read((texts) => {
      for (const text of texts) {
        router.route(text, true)
        for (const onText of subscribers) onText(text)
      }
    }))
  })
}
