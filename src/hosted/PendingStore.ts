/**
 * Stores of sign-ins that wait: in memory, and over anything that has the two steps.
 */
import * as Effect from "effect/Effect"
import type { PendingStore as PendingStoreInterface } from "../services/PendingStore.ts"

/** The two steps as plain functions. */
export interface PendingBackend {
  /** Keeps a text for so many milliseconds, unless there is one; `false`: there is one. */
  readonly putIfAbsent: (key: string, text: string, ttlMillis: number) => PromiseLike<boolean>
  /** Gives the text and removes it, as one step; `undefined` or `null`: there is none. */
  readonly take: (key: string) => PromiseLike<string | null | undefined>
}

/** Options of {@link memory}. */
export interface MemoryOptions {
  /** How many texts are kept at most. @default 100_000 */
  readonly capacity?: number | undefined
}

/** A store over plain functions. */
export const make = (_backend: PendingBackend): PendingStoreInterface => {
  throw new Error("not written yet")
}

/** A store in this process. */
export const memory = (_options: MemoryOptions = {}): Effect.Effect<PendingStoreInterface> =>
  Effect.dieMessage("not written yet")
