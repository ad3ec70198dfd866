/**
 * Why a request or a paste is not the answer to a sign-in: the reasons, and the sentence that explains each.
 *
 * Nothing is imported, so that the declarations of `./promise`, which name these types, need no Effect.
 */

/**
 * Why the `state` of a request or a paste is not this flow's: there is none, there are several, or it is another one.
 *
 * @since 0.1.0
 * @category models
 */
export type StateProblem = "StateMissing" | "StateRepeated" | "StateMismatch"

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
  | StateProblem

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
  | StateProblem
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
