/**
 * Where a person pastes the address a sign-in ended on.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { PasteRefused } from "../core/Refusal.ts"
import * as PasteRouter from "./PasteRouter.ts"

/** One reader of pasted text for all flows of a program. */
export interface PasteInput {
  /**
   * Every block of text from now on, while the scope is open. The reader is shared, and held only while someone listens.
   * After the input ended no more text comes.
   */
  readonly lines: Effect.Effect<Queue.Dequeue<string>, never, Scope.Scope>
  /**
   * Takes text from a host's own input box and gives it to the waiting flow whose `state` it carries; fails with
   * {@link PasteRefused} when there is none.
   */
  readonly submit: (text: string) => Effect.Effect<void, PasteRefused>
  /** Routes text to a flow while the scope is open; the reader is not held by this. Without it, `lines` is read. */
  readonly register?: (flow: PasteRouter.WaitingFlow) => Effect.Effect<void, never, Scope.Scope>
  /** Holds the reader while the scope is open. Without it, `lines` is read. */
  readonly hold?: Effect.Effect<void, never, Scope.Scope>
  /** Whether a person can paste now; asked while the reader is held. Without it, yes. */
  readonly available?: Effect.Effect<boolean>
}

/** A reader that calls back, shared by counting who holds it. */
export interface PasteSource {
  readonly router: PasteRouter.PasteRouter
  /** Calls back with every block of text; the result stops it. */
  readonly subscribe: (onText: (text: string) => void) => () => void
  /** Holds the reader while the scope is open. */
  readonly hold: Effect.Effect<void, never, Scope.Scope>
  /** Whether a person can paste now. */
  readonly available: Effect.Effect<boolean>
}

/** The service over a source. */
export const fromSource = ({ available, hold, router, subscribe }: PasteSource): Required<PasteInput> => ({
  available,
  hold,
  lines: Effect.zipLeft(
    Effect.map(
      Effect.acquireRelease(
        Effect.map(Queue.unbounded<string>(), (queue) => ({
          queue,
          unsubscribe: subscribe((text) => queue.unsafeOffer(text))
        })),
        ({ queue, unsubscribe }) => Effect.zipRight(Effect.sync(unsubscribe), Queue.shutdown(queue))
      ),
      ({ queue }) => queue
    ),
    hold
  ),
  submit: (text) =>
    Effect.suspend(() =>
      Either.match(router.route(text, false), {
        onLeft: (reason) => Effect.fail(new PasteRefused({ reason })),
        onRight: () => Effect.void
      })
    ),
  register: (flow) =>
    Effect.asVoid(
      Effect.acquireRelease(Effect.sync(() => router.add(flow)), (remove) => Effect.sync(remove))
    )
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
    fiber.unsafeInterruptAsFork(FiberId.none)
  })

/** Runs an effect in one fiber while at least one scope holds it; the last one to let go waits until it has ended. */
const sharedFiber = (run: Effect.Effect<void>): Effect.Effect<void, never, Scope.Scope> => {
  const lock = Effect.unsafeMakeSemaphore(1)
  let holders = 0
  let fiber: Fiber.RuntimeFiber<void> | undefined
  const retain = Effect.suspend(() =>
    ++holders > 1 ? Effect.void : Effect.map(Effect.forkDaemon(Effect.interruptible(run)), (started) => {
      fiber = started
    })
  )
  const release = Effect.suspend(() => --holders > 0 || fiber === undefined ? Effect.void : stop(fiber))
  return Effect.acquireRelease(lock.withPermits(1)(retain), () => lock.withPermits(1)(release))
}

/** Text from a stream that the host owns: a TUI's input box, a chat, a test's script. */
const make = (lines: Stream.Stream<string>): Required<PasteInput> => {
  const router = PasteRouter.make()
  const subscribers = new Set<(text: string) => void>()
  return fromSource({
    available: Effect.succeed(true),
    router,
    subscribe: (onText) => {
      subscribers.add(onText)
      return () => subscribers.delete(onText)
    },
    hold: sharedFiber(
      // Chunk by chunk, in one step each: an interrupt between two texts would lose the second.
      Stream.runForEachChunk(lines, (texts) =>
        Effect.sync(() => {
          for (const text of texts) {
            router.route(text, true)
            for (const onText of subscribers) onText(text)
          }
        }))
    )
  })
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

/** Tag of the {@link PasteInput} service, and its constructors. */
export const PasteInput: Context.Tag<PasteInput, PasteInput> & {
  /**
   * Reads a stream of text, one element a paste, for hosts that own stdin. It runs only while a flow waits, and starts
   * again with the next flow, so give one that continues (`Stream.fromQueue`), not one that begins anew.
   */
  readonly make: (lines: Stream.Stream<string>) => Required<PasteInput>
} = Object.assign(Context.GenericTag<PasteInput>("effect-oauth-callback/PasteInput"), { make })
