/**
 * Why a request or a paste is not the answer to a sign-in: the reasons, and the sentence that explains each.
 *
 * Nothing is imported, so that the declarations of `./promise`, which name these types, need no Effect.
 */

/**
 * Why the `state` of a request or a paste is not this flow's: there is none, there are several, or it is another one. An
 * `error` without `state`, as some servers send it, is a `DenialWithoutState`.
 *
 * @since 0.1.0
 * @category models
 */
export type StateProblem = "StateMissing" | "DenialWithoutState" | "StateRepeated" | "StateMismatch"

/**
 * Why a refused request was answered with a page: it may come from a person's browser after a sign-in.
 *
 * @since 0.1.0
 * @category models
 */
export type PageReason = StateProblem | "WrongPath" | "UninvitedForm"

/**
 * Why an HTTP request was refused.
 *
 * - `HttpsRequest`: not a request at all, but the begin of a TLS connection
 * - `UninvitedForm`: a form was posted, and `responseMode` is not `"form_post"`
 * - `NotANavigation`: a page sent it in the background, or asked whether it may (a preflight), and its origin is not one of
 *   `allowOrigins`
 *
 * The others say what was wrong.
 *
 * @since 0.1.0
 * @category models
 */
export type HttpRefusalReason =
  | "Malformed"
  | "HttpsRequest"
  | "HeadersTooLarge"
  | "BodyTooLarge"
  | "WrongHost"
  | "WrongPath"
  | "WrongMethod"
  | "UninvitedForm"
  | "WrongContentType"
  | "NotANavigation"
  | "Prefetch"
  | StateProblem

/**
 * Why a pasted text was refused. `WrappedLink`: a mail program or a chat has put an address of its own in place of the one
 * that was copied, and that one cannot be read from it.
 *
 * @since 0.1.0
 * @category models
 */
export type PasteRefusalReason =
  | "Empty"
  | "TooLong"
  | "NotAResponse"
  | "AuthorizationUrl"
  | "WrappedLink"
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
  HttpsRequest:
    "A browser came by https, where only http is spoken. If its page does not open, change https to http in " +
    "its address bar, or paste the whole address into the program",
  HeadersTooLarge: "A request had headers larger than are read here",
  BodyTooLarge: "A form was posted that is larger than is read here",
  WrongHost: "A request named another host: a page elsewhere may be trying to reach this program. If it was your own " +
    "browser after the sign-in, paste the whole address into the program",
  WrongPath:
    "A request asked for another path than the redirect URI has, perhaps one with a slash more. If your browser " +
    "shows it after the sign-in, paste the whole address into the program",
  WrongMethod: "A request used a method that no sign-in uses",
  UninvitedForm:
    "A form was posted where the answer was asked for in the address. Nothing of it can be pasted: start the " +
    "sign-in again, in a program that opens its callback with `responseMode` set to `form_post`",
  WrongContentType: "A form was posted in an encoding that no sign-in uses",
  NotANavigation:
    "A page sent a request in the background; only a browser going to the address itself counts. If the " +
    "sign-in page delivers its answer so, the program has to name that page's origin in `allowOrigins`",
  Prefetch: "A browser fetched the address ahead of time; only going there counts",
  StateMissing:
    "A request came to the callback without `state`, so it may answer any sign-in. If your browser's address " +
    "holds more, perhaps after a #, paste it whole into the program; else finish in the browser, or start again",
  DenialWithoutState:
    "An error came to the callback without `state`, so it may be of any sign-in. If this one was declined " +
    "or has failed in the browser, end it here and start again; else finish there",
  StateRepeated: "A request came to the callback with more than one `state`",
  StateMismatch: "An answer came for another sign-in: perhaps an older tab"
}

/** What the person who pasted is told: what was wrong, and what to paste instead. None ends in a full stop. */
export const pasteReasons: Readonly<Record<PasteRefusalReason, string>> = {
  Empty: "Nothing was pasted. Paste the whole address of the page you ended on",
  TooLong: "That text is too long to be an address. Paste only the address of the page you ended on",
  NotAResponse: "That is not the address of the page you ended on. Copy it whole from the browser's address bar",
  AuthorizationUrl: "That is the address of the sign-in page. Sign in there first, then paste the address you ended on",
  WrappedLink: "That is a link which a mail program or a chat has put in place of the address. Paste what the " +
    "browser's address bar shows after you have opened it",
  BareCode: "That looks like a code alone, which cannot be checked. Paste the whole address of the page you ended on",
  StateMissing:
    "That address has no `state` in it, so it may answer any sign-in. Paste the whole address of the page you " +
    "ended on, to its last letter; if that is all of it, start the sign-in again",
  DenialWithoutState:
    "That address reports an error, and has no `state` in it, so it may be of any sign-in. Start the sign-in " +
    "again, if this one was declined or has failed in the browser",
  StateRepeated: "That address has more than one `state` in it. Start the sign-in again",
  StateMismatch: "That address belongs to another sign-in, perhaps an older tab. Paste the one from the newest tab",
  FlowEnded: "That sign-in has already ended. Nothing more is needed here"
}
