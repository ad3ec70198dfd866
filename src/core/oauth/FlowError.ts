/**
 * The errors of `authorize`.
 */
import * as Data from "effect/Data"
import type { RefusalCounts } from "./Refusal.ts"
import type { TaggedErrorClass } from "../TaggedError.ts"

/**
 * The fields of {@link AuthorizationDenied}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const AuthorizationDeniedBase: TaggedErrorClass<"AuthorizationDenied", {
  /** The code of the error, such as `access_denied`. */
  error: string
  /** The `error_description`, where the server sent one. */
  description?: string | undefined
  /** The `error_uri`, where the server sent one. */
  uri?: string | undefined
}> = Data.TaggedError("AuthorizationDenied")

/**
 * The authorization server answered with an error instead of a code (RFC 6749 section 4.1.2.1).
 *
 * All three fields were written by the server and are safe to print: one line, no control characters, `error` of at most
 * 100 characters, `description` of 500, and `uri` an http(s) URL of 2,048.
 *
 * @since 0.1.0
 * @category errors
 */
export class AuthorizationDenied extends AuthorizationDeniedBase {
  /** What happened, then what to do. */
  override get message(): string {
    const said = this.description === undefined ? "" : `: ${JSON.stringify(this.description)}`
    const more = this.uri === undefined ? "" : `. More about it: ${this.uri}`
    const todo = this.error === "access_denied"
      ? "Sign in again and allow access, or ask the owner of the account"
      : "Start the sign-in again; if it stays, the server or the registration of this program has to change"
    return `Cannot sign in: the authorization server answered ${JSON.stringify(this.error)}${said}. ${todo}${more}`
  }
}

/**
 * Why a response that carried the right `state` cannot be used.
 *
 * @since 0.1.0
 * @category models
 */
export type InvalidResponseReason = "RepeatedParameter" | "IssuerMismatch" | "IssuerMissing" | "CodeMissing"

/**
 * The fields of {@link InvalidResponse}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const InvalidResponseBase: TaggedErrorClass<"InvalidResponse", {
  /** Which check failed. */
  reason: InvalidResponseReason
  /** The parameter at fault. */
  parameter: "iss" | "error" | "error_description" | "error_uri" | "code"
}> = Data.TaggedError("InvalidResponse")

const invalidResponse: Readonly<Record<InvalidResponseReason, (parameter: string) => string>> = {
  RepeatedParameter: (parameter) =>
    `it holds ${JSON.stringify(parameter)} more than once (RFC 6749 section 3.1). Start the sign-in again`,
  IssuerMismatch: () =>
    "its `iss` is not the issuer this sign-in was sent to (RFC 9207 section 2.4). Another server may be posing as it: " +
    "do not go on, and check the issuer that is configured, to the letter",
  IssuerMissing: () =>
    "it holds no `iss`, which this server promised to send (RFC 9207 section 2.4). Another server may be posing as it: " +
    "do not go on, and start the sign-in again",
  CodeMissing: () => "it holds neither a code nor an error (RFC 6749 section 4.1.2). Start the sign-in again"
}

/**
 * The response carried the right `state`, and still cannot be used (RFC 6749 section 4.1.2, RFC 9207 section 2.4).
 *
 * `parameter` is the one at fault. No text of the response is kept.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidResponse extends InvalidResponseBase {
  /** What happened, then what to do. */
  override get message(): string {
    return `Cannot use the authorization response: ${invalidResponse[this.reason](this.parameter)}`
  }
}

/**
 * The fields of {@link AuthorizationTimeout}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const AuthorizationTimeoutBase: TaggedErrorClass<"AuthorizationTimeout", {
  /** What took too long: the answer of the browser, or the exchange of the code. */
  phase: "response" | "exchange"
  /** The time-limit, in milliseconds. */
  millis: number
  /** What was refused in the meantime, by reason. */
  refusals: RefusalCounts
  /** What else may help, where the caller of the flow knows. */
  hint?: string | undefined
}> = Data.TaggedError("AuthorizationTimeout")

/**
 * No response arrived in time (`phase: "response"`, the option `timeout`), or the caller's exchange of the code took too
 * long (`phase: "exchange"`, the option `exchangeTimeout`). `millis` is the limit, in milliseconds.
 *
 * `refusals` counts the requests and pastes that were refused in the meantime, by reason.
 *
 * @since 0.1.0
 * @category errors
 */
export class AuthorizationTimeout extends AuthorizationTimeoutBase {
  /** What happened, then what to do. */
  override get message(): string {
    const seconds = this.millis < 1000 ? `${this.millis} ms` : `${Math.round(this.millis / 100) / 10} s`
    if (this.phase === "exchange") {
      return `Cannot finish the sign-in: exchanging the code took longer than ${seconds}. ` +
        "Check the connection to the authorization server and start again"
    }
    const counts = Object.entries(this.refusals).map(([reason, count]) => `${reason} ${count}`)
    const refused = counts.length === 0 ? "Nothing arrived" : `Refused meanwhile: ${counts.join(", ")}`
    return `Cannot sign in: no answer arrived within ${seconds}. ${refused}. ` +
      `Start again and finish in the newest browser tab, or paste the address it ends on${
        this.hint === undefined ? "" : `. ${this.hint}`
      }`
  }
}

/**
 * Why an authorization URL was not shown.
 *
 * @since 0.1.0
 * @category models
 */
export type InvalidAuthorizationUrlReason = "NotAUrl" | "Scheme" | "StateMismatch" | "RedirectUriMismatch"

/**
 * The fields of {@link InvalidAuthorizationUrl}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const InvalidAuthorizationUrlBase: TaggedErrorClass<"InvalidAuthorizationUrl", {
  /** Which check failed. */
  reason: InvalidAuthorizationUrlReason
  /** The redirect URI that the URL must have. */
  redirectUri: string
}> = Data.TaggedError("InvalidAuthorizationUrl")

const invalidAuthorizationUrl: Readonly<Record<InvalidAuthorizationUrlReason, (redirectUri: string) => string>> = {
  NotAUrl: () => "it is not an absolute URL. Pass the authorization endpoint with its parameters",
  Scheme: () => "only https: and http: are opened. Check the server's authorization_endpoint",
  StateMismatch: () => "its `state` is not this flow's, exactly once. Build it with `flow.state`",
  RedirectUriMismatch: (redirectUri) =>
    `its \`redirect_uri\` is not this flow's, exactly once. Build it with ${JSON.stringify(redirectUri)}`
}

/**
 * The URL given to `authorize` would not bring its answer back to this flow, so it was not shown. The flow is still unused,
 * and `authorize` can be called again. `redirectUri` is the one that the URL must have.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidAuthorizationUrl extends InvalidAuthorizationUrlBase {
  /** What happened, then what to do. */
  override get message(): string {
    return `Cannot open the authorization URL: ${invalidAuthorizationUrl[this.reason](this.redirectUri)}`
  }
}

/**
 * Every error of `authorize`; an `exchange` adds its own.
 *
 * @since 0.1.0
 * @category errors
 */
export type FlowError = AuthorizationDenied | InvalidResponse | AuthorizationTimeout | InvalidAuthorizationUrl
