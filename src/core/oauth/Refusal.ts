/**
 * What arrived and was not the answer to a sign-in. A refusal costs its sender one request or one paste; the flow goes on.
 */
import * as Data from "effect/Data"
import type { TaggedErrorClass } from "../TaggedError.ts"
import {
  callbackReasons,
  type HttpRefusalReason,
  pasteReasons,
  type PasteRefusalReason,
  type RefusalReason
} from "./RefusalReason.ts"

export type { HttpRefusalReason, PasteRefusalReason, RefusalReason } from "./RefusalReason.ts"

/**
 * One refused request or paste. It holds nothing of what was sent.
 *
 * @since 0.1.0
 * @category models
 */
export type Refusal =
  | { readonly via: "http"; readonly reason: HttpRefusalReason }
  | { readonly via: "paste"; readonly reason: PasteRefusalReason }

/**
 * How often each reason occurred; a reason that did not occur is absent.
 *
 * @since 0.1.0
 * @category models
 */
export type RefusalCounts = { readonly [Reason in RefusalReason]?: number }

/**
 * What can be done with a {@link Refusal}.
 *
 * @since 0.1.0
 * @category models
 */
export const Refusal: {
  /** One plain sentence, for the person or for a log, without a full stop. It repeats nothing of what was sent. */
  readonly describe: (refusal: Refusal) => string
} = {
  describe: (refusal) => refusal.via === "paste" ? pasteReasons[refusal.reason] : callbackReasons[refusal.reason]
}

/**
 * The fields of {@link PasteRefused}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const PasteRefusedBase: TaggedErrorClass<"PasteRefused", {
  /** What was wrong with the text. */
  reason: PasteRefusalReason
}> = Data.TaggedError("PasteRefused")

/**
 * A pasted text was not the answer to a waiting sign-in. The flow goes on waiting: show `message` and ask again.
 *
 * @since 0.1.0
 * @category errors
 */
export class PasteRefused extends PasteRefusedBase {
  /** What was wrong and what to paste instead, in one sentence. */
  override get message(): string {
    return pasteReasons[this.reason]
  }
}
