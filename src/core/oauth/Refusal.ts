/**
 * A request or a paste that is not the answer to a sign-in: the reasons, and the sentence that explains each. A refusal
 * costs its sender one request or one paste; the flow goes on.
 */
import * as Data from "effect/Data"
import type { TaggedErrorClass } from "../TaggedError.ts"

/**
 * Why an HTTP request was refused.
 *
 * @since 0.1.0
 * @category models
 */
export type HttpRefusalReason =
  | "Malformed"
  | "HeadersTooLarge"
  | "BodyTooLarge"
  | "WrongHost"
  | "WrongPath"
  | "WrongMethod"
  | "WrongContentType"
  | "NotANavigation"
  | "Prefetch"
  | "StateMissing"
  | "StateRepeated"
  | "StateMismatch"

/**
 * Why a pasted text was refused.
 *
 * @since 0.1.0
 * @category models
 */
export type PasteRefusalReason =
  | "Empty"
  | "TooLong"
  | "NotAResponse"
  | "AuthorizationUrl"
  | "BareCode"
  | "StateMissing"
  | "StateRepeated"
  | "StateMismatch"
  | "FlowEnded"

/**
 * Why a request or a pasted text was refused.
 *
 * @since 0.1.0
 * @category models
 */
export type RefusalReason = HttpRefusalReason | PasteRefusalReason

/**
 * What the terminal, a log and the plain-text answer to the request say of a refused request. A browser that brought the
 * wrong `state` gets a page instead, in the words of `PageTexts`. None ends in a full stop.
 */
export const callbackReasons: Readonly<Record<HttpRefusalReason, string>> = {
  Malformed: "A request could not be read as HTTP",
  HeadersTooLarge: "A request had headers larger than are read here",
  BodyTooLarge: "A form was posted that is larger than is read here",
  WrongHost: "A request named another host: a page elsewhere may be trying to reach this program",
  WrongPath: "A request asked for another path",
  WrongMethod: "A request used a method that no sign-in uses",
  WrongContentType: "A form was posted in an encoding that no sign-in uses",
  NotANavigation: "A page sent a request in the background; only a browser going to the address itself counts",
  Prefetch: "A browser fetched the address ahead of time; only going there counts",
  StateMissing: "A request came to the callback without `state`",
  StateRepeated: "A request came to the callback with more than one `state`",
  StateMismatch: "An answer came for another sign-in: perhaps an older tab"
}

/** What the person who pasted is told: what was wrong, and what to paste instead. None ends in a full stop. */
export const pasteReasons: Readonly<Record<PasteRefusalReason, string>> = {
  Empty: "Nothing was pasted. Paste the whole address of the page you ended on",
  TooLong: "That text is too long to be an address. Paste only the address of the page you ended on",
  NotAResponse: "That is not the address of the page you ended on. Copy it whole from the browser's address bar",
  AuthorizationUrl: "That is the address of the sign-in page. Sign in there first, then paste the address you ended on",
  BareCode: "That looks like a code alone, which cannot be checked. Paste the whole address of the page you ended on",
  StateMissing:
    "That address has no `state` in it. Paste the whole address of the page you ended on, to its last letter",
  StateRepeated: "That address has more than one `state` in it. Start the sign-in again",
  StateMismatch: "That address belongs to another sign-in, perhaps an older tab. Paste the one from the newest tab",
  FlowEnded: "That sign-in has already ended. Nothing more is needed here"
}

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

const PasteRefusedBase: TaggedErrorClass<"PasteRefused", { reason: PasteRefusalReason }> = Data.TaggedError(
  "PasteRefused"
)

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
