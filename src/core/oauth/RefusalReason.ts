/**
 * Why something was refused.
 */

/** Why a pasted text was refused. */
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

/** Why an HTTP request was refused. */
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

/** Why something was refused. */
export type RefusalReason = HttpRefusalReason | PasteRefusalReason
