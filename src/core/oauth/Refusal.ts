/**
 * What arrived and was not the answer. A refusal costs its sender one request or one paste; the flow goes on.
 */
import * as Data from "effect/Data"
import type { HttpRefusalReason, PasteRefusalReason, RefusalReason } from "./RefusalReason.ts"
import type { TaggedErrorClass } from "../TaggedError.ts"
import { Texts } from "../terminal/Texts.ts"

export type { HttpRefusalReason, PasteRefusalReason, RefusalReason } from "./RefusalReason.ts"

/** One refused request or paste. It holds nothing of what was sent. */
export type Refusal =
  | { readonly via: "http"; readonly reason: HttpRefusalReason }
  | { readonly via: "paste"; readonly reason: PasteRefusalReason }

/** How often each reason occurred; a reason that did not occur is absent. */
export type RefusalCounts = { readonly [Reason in RefusalReason]?: number }

/** What can be said of a {@link Refusal}. */
export const Refusal: {
  /** One plain sentence, for the person or for a log. It repeats nothing of what was sent. */
  readonly describe: (refusal: Refusal) => string
} = {
  describe: (refusal) =>
    refusal.via === "paste" ? Texts.english.pasteReasons[refusal.reason] : Texts.english.callbackReasons[refusal.reason]
}

const PasteRefusedBase: TaggedErrorClass<"PasteRefused", { reason: PasteRefusalReason }> = Data.TaggedError(
  "PasteRefused"
)

/** A pasted text was not the answer to a waiting sign-in. The wait goes on: show `message` and ask again. */
export class PasteRefused extends PasteRefusedBase {
  /** What was wrong and what to paste instead, in one sentence. */
  override get message(): string {
    return Texts.english.pasteReasons[this.reason]
  }
}
