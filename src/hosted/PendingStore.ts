/**
 * Stores of sign-ins that wait: in memory, and over anything that has the two steps.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import {
  pendingFailedBy,
  type PendingStore as PendingStoreInterface,
  PendingStoreError
} from "../services/PendingStore.ts"

/**
 * The two steps of a store as plain functions.
 *
 * @since 0.1.0
 * @category models
 */
export interface PendingBackend {
  /**
   * Keeps a text under a key for so many milliseconds, unless there is one that has not run out. Resolves to `false` when
   * there is.
   */
  readonly putIfAbsent: (key: string, text: string, ttlMillis: number) => PromiseLike<boolean>
  /**
   * Gives the text of a key and removes it, as one step. `undefined` or `null`: there is none, or it has run out.
   */
  readonly take: (key: string) => PromiseLike<string | null | undefined>
}

/**
 * How much a store in memory keeps.
 *
 * @since 0.1.0
 * @category options
 */
export interface PendingMemoryOptions {
  /** How many texts there are at most. A sign-in has one, and two for a minute after it ended. @default 100_000 */
  readonly capacity?: number | undefined
}

const strange = (reason: PendingStoreError["reason"], wanted: string): PendingStoreError =>
  new PendingStoreError({ reason, detail: `the store of this program gave something else than ${wanted}` })

/** A store over plain functions. */
export const make = (backend: PendingBackend): PendingStoreInterface => ({
  putIfAbsent: (key, text, ttl) =>
    Effect.tryPromise({
      try: async (): Promise<unknown> =>
        await backend.putIfAbsent(key, Redacted.value(text), Math.ceil(Duration.toMillis(ttl))),
      catch: (error) => pendingFailedBy("Unwritable", error, [key, Redacted.value(text)])
    }).pipe(Effect.filterOrFail(
      (isKept): isKept is boolean => typeof isKept === "boolean",
      () => strange("Unwritable", "true or false")
    )),
  take: (key) =>
    Effect.tryPromise({
      try: async (): Promise<unknown> => await backend.take(key),
      catch: (error) => pendingFailedBy("Unreadable", error, [key])
    }).pipe(Effect.flatMap((text) =>
      text === undefined || text === null
        ? Effect.succeed(Option.none())
        : typeof text === "string"
        ? Effect.succeed(Option.some(Redacted.make(text)))
        : strange("Unreadable", "a text")
    ))
})

/**
 * A store of a program, which may also throw, die, or give something else than it should: each is a `PendingStoreError`.
 */
export const guarded = (store: PendingStoreInterface): PendingStoreInterface => {
  const told = <A>(
    reason: PendingStoreError["reason"],
    secrets: ReadonlyArray<string>,
    use: () => Effect.Effect<A, PendingStoreError>
  ) => {
    const failed = (thrown: unknown) => pendingFailedBy(reason, thrown, secrets)
    return Effect.suspend(use).pipe(Effect.mapError(failed), Effect.catchAllDefect(failed))
  }
  return {
    putIfAbsent: (key, text, ttl) =>
      Effect.filterOrFail(
        told("Unwritable", [key, Redacted.value(text)], () => store.putIfAbsent(key, text, ttl)),
        (isKept): isKept is boolean => typeof isKept === "boolean",
        () => strange("Unwritable", "true or false")
      ),
    take: (key) =>
      Effect.filterOrFail(
        told("Unreadable", [key], () => store.take(key)),
        (found) =>
          Option.isOption(found) &&
          (Option.isNone(found) ||
            (Redacted.isRedacted(found.value) && typeof Redacted.value(found.value) === "string")),
        () => strange("Unreadable", "an Option of a redacted text")
      )
  }
}

interface Kept {
  readonly text: Redacted.Redacted<string>
  /** Milliseconds since 1970-01-01 UTC. */
  readonly until: number
}

/** A store in this process. What has run out is forgotten as others come: no timer holds a process. */
export const memory = (
  { capacity = 100_000 }: PendingMemoryOptions = {}
): Effect.Effect<PendingStoreInterface> =>
  Effect.sync(() => {
    const kept = new Map<string, Kept>()
    let sweepAt = Math.min(1024, capacity)
    let sweptAt = Number.NEGATIVE_INFINITY
    // Each text is looked at a bounded number of times, however many come, and once a second where there is no room.
    const sweep = (now: number) => {
      if (sweepAt >= capacity && Math.abs(now - sweptAt) < 1000) return
      sweptAt = now
      for (const [key, { until }] of kept) {
        if (until <= now) kept.delete(key)
      }
      sweepAt = Math.min(capacity, Math.max(1024, kept.size * 2))
    }
    return {
      putIfAbsent: (key, text, ttl) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const there = kept.get(key)
          if (there !== undefined && there.until > now) return Effect.succeed(false)
          if (kept.size >= sweepAt) sweep(now)
          if (kept.size >= capacity) {
            return new PendingStoreError({
              reason: "Unwritable",
              detail: `${capacity} are kept already, and none of them has run out. Set capacity, or try again later`
            })
          }
          kept.set(key, { text, until: now + Duration.toMillis(ttl) })
          return Effect.succeed(true)
        }),
      take: (key) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const there = kept.get(key)
          kept.delete(key)
          return there !== undefined && there.until > now ? Option.some(there.text) : Option.none()
        })
    }
  })
