/**
 * Where sign-ins wait that were begun and not answered yet: the interface, and its error.
 */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { TaggedErrorClass } from "../core/TaggedError.ts"
import { storeFailure } from "./storeFailure.ts"

/**
 * The fields of {@link PendingStoreError}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const PendingStoreErrorBase: TaggedErrorClass<"PendingStoreError", {
  reason: "Unreadable" | "Unwritable"
  detail: string
  /** The name that the system, or the store, has for what went wrong (`ECONNREFUSED`), where it has one. */
  code?: string | undefined
  /** What the store threw, without what it was given. */
  cause?: unknown
}> = Data.TaggedError("PendingStoreError")

/**
 * The store of sign-ins that wait could not be read or written. It holds nothing of what was to be kept.
 *
 * @since 0.1.0
 * @category errors
 */
export class PendingStoreError extends PendingStoreErrorBase {
  /** What happened, then what to do. */
  override get message(): string {
    return `Cannot ${this.reason === "Unwritable" ? "keep" : "find"} a sign-in that waits: ${this.detail}`
  }
}

/**
 * The error for what a store of the program threw, with its name and message; a `PendingStoreError` stays as it is.
 *
 * @param secrets What the store was given, and may have quoted.
 */
export const pendingFailedBy = (
  reason: PendingStoreError["reason"],
  thrown: unknown,
  secrets: ReadonlyArray<string> = []
): PendingStoreError =>
  thrown instanceof PendingStoreError ? thrown : new PendingStoreError({ reason, ...storeFailure(thrown, secrets) })

/**
 * Keeps short texts for minutes, for all machines that answer at one redirect URI. A text is encrypted before it comes here,
 * under a key that the store never sees; keys are digests: letters, digits, `-` and `_`.
 *
 * @since 0.1.0
 * @category services
 */
export interface PendingStore {
  /**
   * Keeps a text under a key for a time, unless there is one already. `false`: there is one, and it stays.
   *
   * Of several that do so at the same time, one gets `true`.
   */
  readonly putIfAbsent: (
    key: string,
    text: Redacted.Redacted<string>,
    ttl: Duration.Duration
  ) => Effect.Effect<boolean, PendingStoreError>
  /** Gives the text of a key and removes it, as one step: of several that do so at the same time, one gets it. */
  readonly take: (key: string) => Effect.Effect<Option.Option<Redacted.Redacted<string>>, PendingStoreError>
}
