/**
 * The service that takes pasted text: its tag without the constructor, so that importing the tag does not load the reader.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type { PasteRefused } from "../core/oauth/Refusal.ts"
import type * as PasteReader from "./PasteReader.ts"

/**
 * One reader of pasted text for all flows of a program.
 *
 * @since 0.1.0
 * @category services
 */
export interface PasteInput extends Partial<Pick<PasteReader.PasteReader, "register" | "hold" | "available">> {
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
}

/** Tag of the {@link PasteInput} service. */
export const PasteInput: Context.Tag<PasteInput, PasteInput> = Context.GenericTag<PasteInput>(
  "effect-oauth-callback/PasteInput"
)
